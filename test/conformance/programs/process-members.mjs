// Members of `process` taken off the object, imported by name and held as a namespace; an environment of strings; what is refused.
import * as namespace from 'node:process';
import node, { argv, cwd, env, nextTick, stdout } from 'process';

const { emitWarning, exit, getuid, hrtime, kill, memoryUsage, uptime } = process;
const held = { namespace, env, exit, kill, emitWarning, on: process.on, cpuUsage: process.cpuUsage };
const said = (label, ...values) => console.log(label, ...values);
const refusal = (label, action) => {
  try {
    said(label, 'gave', action());
  } catch (error) {
    said(label, error.name, error.code, error.message);
  }
};
const same = () => {
  said('default', node === process, namespace.default === process, namespace.env === env, env === process.env);
  said('functions', cwd === process.cwd, held.exit === namespace.exit, held.on === process.on, held.kill === kill);
  said('calls', cwd() === process.cwd(), uptime() > 0, memoryUsage().rss > 0, memoryUsage.rss() > 0, getuid() === process.getuid());
  said('streams', stdout === process.stdout, namespace.argv === argv, typeof hrtime.bigint(), hrtime(hrtime())[0]);
};
same();

const members = ['version', 'arch', 'config', 'features', 'getgroups', 'availableMemory', 'report', 'allowedNodeEnvironmentFlags', 'exitCode'];
said('members', members.filter((name) => !(name in process)).join() || 'all', process.channel, process.connected, process.permission);
for (const name of ['version', 'exitCode', 'argv', 'nextTick', 'pid', 'stdout']) {
  const { enumerable, configurable, writable } = Object.getOwnPropertyDescriptor(process, name);
  said(name, enumerable, configurable, writable, Object.keys(process).includes(name));
}
said('kind', Object.prototype.toString.call(process), process.constructor.name, process.release.name);
said('flags', process.allowedNodeEnvironmentFlags.has('--max_old_space_size=5'), process.allowedNodeEnvironmentFlags.add('x').has('x'));

env.COUNT = 5;
env.NOTHING = undefined;
env.GONE = 'soon';
said('environment', env.COUNT === '5', env.NOTHING === 'undefined', 'GONE' in env, delete env.GONE, 'GONE' in env, env.GONE);
said('spread', { ...env }.COUNT, Object.keys(env).includes('COUNT'), Object.entries(env).some(([name]) => name === 'GONE'));
refusal('symbol value', () => (env.SYMBOL = Symbol('s')));
refusal('symbol name', () => env[Symbol('s')]);
refusal('descriptor', () => Object.defineProperty(env, 'FIXED', { value: 'x' }));
refusal('descriptor', () => Object.defineProperty(env, 'WHOLE', { value: 6, writable: true, enumerable: true, configurable: true }) === env);
said('defined', env.WHOLE, Object.getOwnPropertyDescriptor(env, 'WHOLE'));

for (const code of ['five', 1.5, {}, true, '']) refusal('exit code', () => (process.exitCode = code));
for (const code of ['7', 8, null, undefined]) {
  process.exitCode = code;
  said('exit code', process.exitCode);
}
refusal('version', () => (process.version = 'v0'));
refusal('nextTick', () => nextTick('x'));
refusal('hrtime', () => hrtime(5));
refusal('hrtime', () => hrtime([1]));
refusal('kill', () => kill('x'));
refusal('kill', () => kill(1, 'SIGNOTHING'));
refusal('umask', () => typeof process.umask());
try {
  process.umask(0o77);
} catch (error) {
  said('umask', error.name, error.code);
}
refusal('listener', () => process.on('x', 5));
refusal('emit', () => process.emit('error', new RangeError('unheard')));
refusal('source maps', () => process.setSourceMapsEnabled(5));
refusal('capture', () => process.setUncaughtExceptionCaptureCallback(5));
refusal('module', () => process.getBuiltinModule('no such'));
refusal('module', () => process.getBuiltinModule('process') === process);

process.once('newListener', (name) => said('listening to', name));
process.prependOnceListener('mine', (...args) => said('first', ...args));
process.on('mine', (...args) => said('then', ...args));
said('emit', process.emit('mine', 1, 2), process.emit('mine', 3), process.listenerCount('mine'), process.emit('nobody'));

process.setUncaughtExceptionCaptureCallback((error) => {
  said('captured', error.message, process.hasUncaughtExceptionCaptureCallback());
  process.setUncaughtExceptionCaptureCallback(null);
});
nextTick(() => {
  throw new Error('in a tick');
});
setTimeout(() => {
  same();
  said('later', env.COUNT, env.WHOLE, 'GONE' in env, process.hasUncaughtExceptionCaptureCallback());
  process.on('exit', (code) => said('exit', code, process.exitCode, process._exiting));
  const reallyExit = process.reallyExit;
  process.reallyExit = (code) => {
    said('really', code);
    reallyExit.call(process, 0);
  };
  exit(4);
}, 5);

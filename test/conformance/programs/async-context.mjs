// What AsyncLocalStorage holds, in all that can be begun: awaits, timers, ticks, jobs, thenables, generators, resources.
import assert from 'node:assert';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { EventEmitterAsyncResource } from 'node:events';

const storage = new AsyncLocalStorage();
const other = new AsyncLocalStorage();
const seen = [];
const see = (name) => seen.push(`${name}:${storage.getStore()}/${other.getStore()}`);

assert.deepEqual(Object.keys(storage), ['kResourceStore', 'enabled']);
see('outside');

async function request(id) {
  see(`begin ${id}`);
  await null;
  see(`awaited ${id}`);
  await new Promise((resolve) => setTimeout(resolve, 3 - id));
  see(`slept ${id}`);
  for (let i = 0; i < 2; i++) {
    await other.run(`o${id}${i}`, async () => {
      await i;
      see(`inner ${id}`);
    });
    see(`left ${id}`);
  }
  return id;
}
const results = await Promise.all([1, 2].map((id) => storage.run(`r${id}`, request, id)));
assert.deepEqual(results, [1, 2]);
see('after');

await storage.run('kinds', async () => {
  const waits = [];
  const settled = (begin) => waits.push(new Promise(begin));
  settled((resolve) => setTimeout(() => resolve(see('timer')), 1));
  settled((resolve) => setImmediate(() => resolve(see('immediate'))));
  settled((resolve) => process.nextTick(() => resolve(see('tick'))));
  settled((resolve) => queueMicrotask(() => resolve(see('microtask'))));
  waits.push(Promise.resolve().then(() => see('then')));
  waits.push(
    Promise.reject(new Error('no'))
      .catch(() => see('catch'))
      .finally(() => see('finally')),
  );
  waits.push(
    (async () => {
      await {
        // biome-ignore lint/suspicious/noThenProperty: a thenable
        then(resolve) {
          see('thenable');
          resolve();
        },
      };
      see('after thenable');
    })(),
  );
  await Promise.all(waits);
});

async function* numbers() {
  for (let i = 0; i < 2; i++) {
    await null;
    see('generator');
    yield i;
  }
}
await storage.run('loop', async () => {
  for await (const n of numbers()) see(`turn ${n}`);
});

const interval = await storage.run('interval', async () => {
  let turns = 0;
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      see('interval');
      storage.enterWith(`turn ${turns}`);
      if (++turns < 3) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  see('after interval');
  return turns;
});
assert.equal(interval, 3);

storage.run('bound', () => {
  const resource = new AsyncResource('Mine');
  const bound = AsyncLocalStorage.bind((a, b) => `${a}${b}${storage.getStore()}`);
  const snapshot = AsyncLocalStorage.snapshot();
  const emitter = new EventEmitterAsyncResource({ name: 'Emitter' });
  emitter.on('event', (value) => see(`event ${value}`));
  assert.equal(emitter.asyncResource.eventEmitter, emitter);
  storage.run('elsewhere', () => {
    seen.push(bound(1, 2), bound.length, bound.name);
    assert.equal(
      resource.runInAsyncScope(
        function (value) {
          see('scope');
          return this === resource && value;
        },
        resource,
        7,
      ),
      7,
    );
    snapshot(() => see('snapshot'));
    emitter.emit('event', 1);
    see('still elsewhere');
  });
  storage.exit(() => see('exited'));
  see('back');
  assert.throws(() => {
    storage.run('throws', () => {
      throw new Error('out');
    });
  }, /out/);
  see('after a throw');
});
assert.throws(() => new AsyncResource(3), { code: 'ERR_INVALID_ARG_TYPE' });
assert.throws(() => new EventEmitterAsyncResource(), { code: 'ERR_INVALID_ARG_TYPE' });

storage.run('disabled', () => {
  storage.disable();
  see('disabled');
});
storage.enterWith('entered');
await null;
see('entered');

const rejected = new Promise((resolve) => process.once('unhandledRejection', (reason) => resolve(see(`rejection ${reason}`))));
storage.run('rejects', () => {
  Promise.reject('r');
});
await rejected;

// Sorted: which timer is first is not what this is about.
assert.deepEqual(seen.map(String).sort(), [
  '12bound',
  '2',
  'after a throw:bound/undefined',
  'after interval:interval/undefined',
  'after thenable:kinds/undefined',
  'after:undefined/undefined',
  'awaited 1:r1/undefined',
  'awaited 2:r2/undefined',
  'back:bound/undefined',
  'begin 1:r1/undefined',
  'begin 2:r2/undefined',
  'bound',
  'catch:kinds/undefined',
  'disabled:undefined/undefined',
  'entered:entered/undefined',
  'event 1:bound/undefined',
  'exited:undefined/undefined',
  'finally:kinds/undefined',
  'generator:loop/undefined',
  'generator:loop/undefined',
  'immediate:kinds/undefined',
  'inner 1:r1/o10',
  'inner 1:r1/o11',
  'inner 2:r2/o20',
  'inner 2:r2/o21',
  'interval:interval/undefined',
  'interval:turn 0/undefined',
  'interval:turn 1/undefined',
  'left 1:r1/undefined',
  'left 1:r1/undefined',
  'left 2:r2/undefined',
  'left 2:r2/undefined',
  'microtask:kinds/undefined',
  'outside:undefined/undefined',
  'rejection r:rejects/undefined',
  'scope:bound/undefined',
  'slept 1:r1/undefined',
  'slept 2:r2/undefined',
  'snapshot:bound/undefined',
  'still elsewhere:elsewhere/undefined',
  'then:kinds/undefined',
  'thenable:kinds/undefined',
  'tick:kinds/undefined',
  'timer:kinds/undefined',
  'turn 0:loop/undefined',
  'turn 1:loop/undefined',
]);

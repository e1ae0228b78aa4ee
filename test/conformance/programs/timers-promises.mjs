// node:timers/promises with values, signals and intervals.
import timers, { promises } from 'node:timers';
import { setInterval as every, scheduler, setTimeout as sleep, setImmediate as soon } from 'node:timers/promises';

async function settled(what, f) {
  try {
    console.log(what, await f());
  } catch (error) {
    console.log(what, error.name, error.code, error.message, error.cause?.name ?? error.cause);
  }
}

console.log(promises.setTimeout === sleep, timers.promises === promises, scheduler);
await settled('a value', () => sleep(1, 'v'));
await settled('soon', () => soon('w'));
await settled('nothing', () => sleep());
await settled('wait', () => scheduler.wait(1));
await settled('yield', () => scheduler.yield());
await settled('aborted', () => sleep(1, 'v', { signal: AbortSignal.abort('why') }));
await settled('aborted soon', () => soon('v', { signal: AbortSignal.abort() }));
await settled('no signal', () => sleep(1, 'v', { signal: 1 }));
await settled('no options', () => sleep(1, 'v', 1));
await settled('no ref', () => sleep(1, 'v', { ref: 1 }));
await settled('null', () => soon(1, null));
await settled('this', () => scheduler.wait.call({}, 1));
await settled('no delay', () => sleep('x'));

const controllers = [new AbortController(), new AbortController(), new AbortController(), new AbortController()];
setTimeout(() => controllers[0].abort(), 5);
await settled('too late', () => sleep(100_000, 1, { signal: controllers[0].signal }));
await settled('in time', () => sleep(1, 'ok', { signal: controllers[1].signal }));
controllers[1].abort();
queueMicrotask(() => controllers[2].abort('r'));
await settled('soon aborted', () => soon('x', { signal: controllers[2].signal }));
let ticks = 0;
for await (const tick of every(2, 'tick')) {
  console.log(tick);
  if (++ticks === 3) break;
}
await settled('an interval', async () => {
  for await (const _ of every(3, 0, { signal: controllers[3].signal })) if (++ticks === 6) controllers[3].abort('stop');
});
await settled('no interval', async () => {
  for await (const _ of every('x')) break;
});
sleep(1e6, 0, { ref: false });
console.log(ticks);

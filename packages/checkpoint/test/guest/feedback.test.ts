/** What V8 knows of a function is forgotten: it runs unoptimised, and learns anew. */
import { expect, it } from 'vitest';
import { forgetTypes } from '../../src/guest/feedback.js';
import { withNatives } from '../../src/heap/v8-natives.js';

const natives = withNatives(() => {
  const prepare = new Function('f', '%PrepareFunctionForOptimization(f);') as (fn: unknown) => void;
  const optimise = new Function('f', '%OptimizeFunctionOnNextCall(f);') as (fn: unknown) => void;
  const status = new Function('f', 'return %GetOptimizationStatus(f);') as (fn: unknown) => number;
  const warm = () => 1;
  prepare(warm);
  optimise(warm);
  status(warm);
  return { prepare, optimise, status };
})!;
/** V8's OptimizationStatus::kOptimized (runtime/runtime.h). */
const isOptimised = (fn: unknown) => (natives.status(fn) & 16) !== 0;

it('forgets what functions met, and their optimised code', () => {
  const sum = new Function('o', 'return o.a + o.b;') as (o: { a: number; b: number }) => number;
  natives.prepare(sum);
  const run = () => {
    natives.optimise(sum);
    sum({ a: 1, b: 2 });
  };
  for (let i = 0; i < 10; i++) sum({ a: i, b: 2 });
  run();
  expect(isOptimised(sum)).toBe(true);
  const revocable = Proxy.revocable(sum, {});
  revocable.revoke();
  class Sum {}
  forgetTypes([
    sum,
    () => 1,
    Sum,
    Math.max,
    sum.bind(undefined),
    new Proxy(sum, {}),
    revocable.proxy,
    process.hrtime,
    {},
    undefined,
  ]);
  expect(isOptimised(sum)).toBe(false);
  // Optimised with nothing known it falls back at once.
  run();
  expect(isOptimised(sum)).toBe(false);
  expect(sum({ a: 3, b: 4 })).toBe(7);
  run();
  expect(isOptimised(sum)).toBe(true);
});

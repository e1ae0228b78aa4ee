/** The node learns what a guest holds without its garbage; what it takes for that no guest sees. */
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const dist = (name: string) => JSON.stringify(new URL(`../../dist/guest/${name}.js`, import.meta.url).href);
const program = `
Promise.all([import(${dist('hooks')}), import(${dist('protocol')})]).then(([{ showHooks }, { hooksName }]) => {
  showHooks();
  const used = () => Number(globalThis[hooksName].memory(true).split(',')[0]);
  const before = used();
  let garbage = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const full = used();
  garbage = undefined;
  require('node:worker_threads').parentPort.postMessage({ before, full, after: used(), gc: typeof gc });
});`;

it('is found, and leaves nothing behind', async () => {
  const worker = new Worker(program, { eval: true });
  const { before, full, after, gc } = await new Promise<Record<string, never>>((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  expect(full - before).toBeGreaterThan(8e6);
  expect(after - before).toBeLessThan(4e6);
  expect(gc).toBe('undefined');
});

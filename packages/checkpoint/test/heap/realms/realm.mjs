/**
 * A realm of its own for tests that change built-ins: a worker thread with the built codec, asked by name to build and encode a
 * scenario (`source`) or to decode pages and check what came (`target`). It is the guest and the runtime in one file.
 */

import * as util from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeHeap, encodeHeap, Internals, nameBuiltins } from '../../../dist/heap/index.js';
import { scenarios } from './scenarios.mjs';

const post = parentPort.postMessage.bind(parentPort);
const internals = new Internals();
const builtins = nameBuiltins({ 'node:util': util });
const scenario = scenarios[workerData.name];
const options = {
  builtins,
  internals,
  specials: scenario.specials ?? [],
  privates: scenario.privates,
  hiddenClasses: workerData.hiddenClasses ? undefined : false,
};

if (workerData.pages === undefined) {
  let pages;
  let failed;
  const root = scenario.build();
  try {
    pages = encodeHeap(root, options).pages;
  } catch (error) {
    failed = error;
  }
  const called = scenario.after?.() ?? 0;
  post({ pages, called, failed: failed && `${failed.code}: ${failed.message}` });
} else {
  const root = decodeHeap(workerData.pages, options);
  post({ found: scenario.check(root) });
}

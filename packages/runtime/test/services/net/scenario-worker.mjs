/** Runs one scenario with the guest's net or with node's own, and reports what it saw. */
import { register } from 'node:module';
import real from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { scenarios } from './scenarios.mjs';

let net = real;
if (workerData.guest) {
  register('./loader.mjs', import.meta.url);
  net = (await import(workerData.guest)).default;
}
const seen = await scenarios[workerData.scenario](net, real);
parentPort.postMessage({ service: 'result', message: seen });

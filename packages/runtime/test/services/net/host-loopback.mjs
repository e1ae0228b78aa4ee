/**
 * 'godwit:host' for tests: the guest side runs unbundled in a plain worker, its messages go to the real NetService on the other
 * side of the thread's port. Ordered, each handler call a macrotask, as the guest's channel does it.
 */
import { parentPort } from 'node:worker_threads';

const handlers = new Map();
const held = new Set();
const inbox = [];
let isBusy = false;
parentPort.on('message', ({ service, messages }) => {
  for (const message of messages) inbox.push({ service, message });
  if (!isBusy) next();
});
parentPort.unref();

function next() {
  const item = inbox.shift();
  isBusy = item !== undefined;
  if (!isBusy) return;
  setImmediate(next);
  handlers.get(item.service)?.(item.message);
}

export function send(service, message) {
  parentPort.postMessage({ service, message });
}
export function receive(service, handler) {
  handlers.set(service, handler);
}
let context;
export const asyncContext = () => context;
export function enterAsyncContext(next) {
  context = next;
}
export function ref(key) {
  held.add(key);
  parentPort.ref();
}
export function unref(key) {
  if (held.delete(key) && held.size === 0) parentPort.unref();
}

// EventTarget, Event, AbortController and AbortSignal: what they hold moves, and so do programs inside their listeners.
import events from 'node:events';
import { inspect } from 'node:util';

const log = (...parts) => console.log(...parts.map((part) => (typeof part === 'string' ? part : inspect(part))));
function failing(what, f) {
  try {
    log(what, f());
  } catch (error) {
    log(what, error.name, error.code, error.message);
  }
}

const target = new EventTarget();
log(target, String(target), String(new Event('x')), new Event('a').type, typeof new Event('a').timeStamp);
failing('no arguments', () => target.addEventListener());
failing('one argument', () => target.addEventListener('a'));
failing('no listener', () => target.addEventListener('a', 1));
failing('no type', () => new Event());
failing('a symbol', () => target.addEventListener(Symbol('x'), () => {}));
failing('options', () => new Event('x', 1));
failing('this', () => EventTarget.prototype.addEventListener.call({}, 'a', () => {}));
failing('no event', () => target.dispatchEvent({}));
failing('nothing', () => target.dispatchEvent());
failing('a signal', () => new AbortSignal());
failing('any', () => AbortSignal.any([1]));
failing('any of none', () => AbortSignal.any(3));
failing('a delay', () => AbortSignal.timeout(-1));
failing('no delay', () => AbortSignal.timeout('x'));
failing('a getter', () => Event.prototype.type);
failing('aborted', () => Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted').get.call({}));

const order = [];
const listener = (name) => (event) => order.push(name + event.type + (event.currentTarget === target) + event.eventPhase);
const first = listener('a');
target.addEventListener('go', first);
target.addEventListener('go', first);
target.addEventListener('go', first, true);
target.addEventListener('go', listener('b'), { once: true });
target.addEventListener('go', {
  handleEvent(event) {
    order.push(`object ${this.handleEvent !== undefined} ${event.type}`);
  },
});
target.addEventListener('go', (event) => {
  order.push('stop');
  event.stopImmediatePropagation();
});
target.addEventListener('go', listener('never'));
for (let round = 0; round < 2; round++) {
  log(target.dispatchEvent(new Event('go')), order.splice(0));
  await round;
  log(order.splice(0));
  target.removeEventListener('go', first);
  target.removeEventListener('go', first, true);
}

const cancelable = new Event('c', { cancelable: true, bubbles: true });
target.addEventListener('c', (event) => {
  event.preventDefault();
  failing('again', () => target.dispatchEvent(event));
  log(event.composedPath().length, event.target === target, event.returnValue, event.bubbles, event.composed, event.isTrusted);
});
log(target.dispatchEvent(cancelable), cancelable.defaultPrevented, cancelable.target === target, cancelable.currentTarget);

class Counter extends EventTarget {
  #count = 0;
  step() {
    this.#count++;
    return this.dispatchEvent(new CustomEvent('step', { detail: this.#count }));
  }
}
const counter = new Counter();
counter.addEventListener('step', ({ detail }) => {
  for (let i = 0; i < detail; i++) log('step', detail, i);
});
for (let i = 0; i < 3; i++) counter.step();
log(counter, counter instanceof EventTarget, target instanceof Counter, performance instanceof EventTarget);
log(new CustomEvent('z').detail, new CustomEvent('z') instanceof Event, new Event('z') instanceof CustomEvent);

const controller = new AbortController();
const { signal } = controller;
log(controller, signal);
signal.onabort = (event) => log('onabort', event.type, event.isTrusted, event.target === signal);
signal.addEventListener('abort', () => log('heard', signal.reason.name, signal.reason.message, signal.reason.code), { once: true });
target.addEventListener('gone', () => log('still here'), { signal });
target.dispatchEvent(new Event('gone'));
const any = AbortSignal.any([signal, new AbortController().signal]);
any.addEventListener('abort', () => log('any', any.reason === signal.reason));
log(events.getEventListeners(signal, 'abort').length, events.getEventListeners(counter, 'step').length);
controller.abort();
controller.abort();
target.dispatchEvent(new Event('gone'));
log(controller, signal.aborted, any.aborted, typeof signal.onabort);
failing('throwIfAborted', () => signal.throwIfAborted());
log(AbortSignal.abort('r').reason, AbortSignal.abort().reason.name, AbortSignal.any([AbortSignal.abort(7)]).reason);

log(events.getMaxListeners(target));
events.setMaxListeners(3, target);
log(events.getMaxListeners(target));
const later = events.once(target, 'later');
setTimeout(() => target.dispatchEvent(new Event('later')), 5);
log((await later)[0].type);
const timeout = AbortSignal.timeout(10);
const awake = setTimeout(() => {}, 1e6);
timeout.addEventListener('abort', () => log(timeout.reason.name, timeout.reason.message));
await events.once(timeout, 'abort');
clearTimeout(awake);

process.on('uncaughtException', (error) => log('uncaught', error.message));
target.addEventListener('throws', () => {
  throw new Error('at once');
});
target.addEventListener('throws', async () => {
  throw new Error('later');
});
log(target.dispatchEvent(new Event('throws')));
await new Promise((resolve) => setTimeout(resolve, 5));
await events.once(target, 'never', { signal: AbortSignal.abort('why') }).catch((error) => log(error.name, error.code, error.cause));

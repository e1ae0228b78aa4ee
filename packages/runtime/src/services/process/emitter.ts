/** A small event emitter whose listeners are plain data, for the runtime's own objects (process, stdio). Order, once, errors and events of its own as in Node. */
import { EventEmitter } from 'node:events';
import { wrongType } from './refusals.js';

type Listener = (...args: unknown[]) => unknown;
interface Entry {
  listener: Listener;
  once: boolean;
}
type Listeners = Record<PropertyKey, Entry[]>;

/** By the names of their events. */
export const listenersOf = (emitter: ServiceEmitter): Listeners => (emitter as unknown as { _listeners: Listeners })._listeners;
const entriesOf = (emitter: ServiceEmitter, name: PropertyKey): Entry[] => (listenersOf(emitter)[name] ??= []);

function add(emitter: ServiceEmitter, name: PropertyKey, listener: Listener, once: boolean, first: boolean): void {
  if (typeof listener !== 'function') throw wrongType('listener', 'of type function', listener);
  if (entriesOf(emitter, 'newListener').length > 0) emitter.emit('newListener', name, listener);
  const entries = entriesOf(emitter, name);
  if (first) entries.unshift({ listener, once });
  else entries.push({ listener, once });
}

function remove(emitter: ServiceEmitter, name: PropertyKey, entry: Entry): void {
  const entries = entriesOf(emitter, name);
  const at = entries.indexOf(entry);
  if (at < 0) return;
  entries.splice(at, 1);
  if (entriesOf(emitter, 'removeListener').length > 0) emitter.emit('removeListener', name, entry.listener);
}

export class ServiceEmitter {
  constructor() {
    for (const [key, value] of [
      ['_listeners', Object.create(null)],
      ['_maxListeners', undefined],
    ] as const)
      Object.defineProperty(this, key, { value, writable: true, enumerable: false, configurable: true });
  }
  on(name: PropertyKey, listener: Listener): this {
    add(this, name, listener, false, false);
    return this;
  }
  addListener(name: PropertyKey, listener: Listener): this {
    return this.on(name, listener);
  }
  prependListener(name: PropertyKey, listener: Listener): this {
    add(this, name, listener, false, true);
    return this;
  }
  once(name: PropertyKey, listener: Listener): this {
    add(this, name, listener, true, false);
    return this;
  }
  prependOnceListener(name: PropertyKey, listener: Listener): this {
    add(this, name, listener, true, true);
    return this;
  }
  off(name: PropertyKey, listener: Listener): this {
    if (typeof listener !== 'function') throw wrongType('listener', 'of type function', listener);
    const entry = entriesOf(this, name).findLast((one) => one.listener === listener);
    if (entry) remove(this, name, entry);
    return this;
  }
  removeListener(name: PropertyKey, listener: Listener): this {
    return this.off(name, listener);
  }
  removeAllListeners(name?: PropertyKey): this {
    const names = name === undefined ? Reflect.ownKeys(listenersOf(this)).filter((one) => one !== 'removeListener') : [name];
    if (name === undefined) names.push('removeListener');
    for (const one of names) for (const entry of [...entriesOf(this, one)].reverse()) remove(this, one, entry);
    return this;
  }
  listenerCount(name: PropertyKey, listener?: Listener): number {
    const entries = entriesOf(this, name);
    return typeof listener === 'function' ? entries.filter((one) => one.listener === listener).length : entries.length;
  }
  listeners(name: PropertyKey): Listener[] {
    return entriesOf(this, name).map((e) => e.listener);
  }
  rawListeners(name: PropertyKey): Listener[] {
    return this.listeners(name);
  }
  eventNames(): PropertyKey[] {
    const all = listenersOf(this);
    return Reflect.ownKeys(all).filter((key) => all[key]!.length > 0);
  }
  setMaxListeners(count: number): this {
    (this as unknown as { _maxListeners: number })._maxListeners = count;
    return this;
  }
  getMaxListeners(): number {
    return (this as unknown as { _maxListeners: number | undefined })._maxListeners ?? EventEmitter.defaultMaxListeners;
  }
  emit(name: PropertyKey, ...args: unknown[]): boolean {
    const entries = [...entriesOf(this, name)];
    if (name === 'error' && entries.length === 0) throw unhandled(args[0]);
    for (const entry of entries) {
      if (entry.once) remove(this, name, entry);
      entry.listener.apply(this, args);
    }
    return entries.length > 0;
  }
}

/** What Node throws for an 'error' that nobody listens to. */
function unhandled(given: unknown): unknown {
  if (given instanceof Error) return given;
  const text = typeof given === 'string' ? `'${given}'` : String(given);
  return Object.assign(new Error(`Unhandled error. (${text})`), { code: 'ERR_UNHANDLED_ERROR', context: given });
}

// The guest's process and stdio are emitters to `instanceof`; every method is replaced above.
Object.setPrototypeOf(ServiceEmitter.prototype, EventEmitter.prototype);
Object.defineProperty(ServiceEmitter, 'name', { value: 'EventEmitter' });

/** A small event emitter whose listeners are plain data, for the runtime's own objects (process, stdio). Order and once as in Node. */
import { EventEmitter } from 'node:events';

type Listener = (...args: unknown[]) => unknown;
interface Entry {
  listener: Listener;
  once: boolean;
}

export class ServiceEmitter {
  constructor() {
    Object.defineProperty(this, '_listeners', {
      value: Object.create(null),
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }
  private entries(name: PropertyKey): Entry[] {
    const all = (this as unknown as { _listeners: Record<PropertyKey, Entry[]> })._listeners;
    return (all[name] ??= []);
  }
  on(name: PropertyKey, listener: Listener): this {
    this.entries(name).push({ listener, once: false });
    return this;
  }
  addListener(name: PropertyKey, listener: Listener): this {
    return this.on(name, listener);
  }
  prependListener(name: PropertyKey, listener: Listener): this {
    this.entries(name).unshift({ listener, once: false });
    return this;
  }
  once(name: PropertyKey, listener: Listener): this {
    this.entries(name).push({ listener, once: true });
    return this;
  }
  off(name: PropertyKey, listener: Listener): this {
    const entries = this.entries(name);
    for (let i = entries.length - 1; i >= 0; i--) {
      if (entries[i]!.listener !== listener) continue;
      entries.splice(i, 1);
      break;
    }
    return this;
  }
  removeListener(name: PropertyKey, listener: Listener): this {
    return this.off(name, listener);
  }
  removeAllListeners(name?: PropertyKey): this {
    const all = (this as unknown as { _listeners: Record<PropertyKey, Entry[]> })._listeners;
    if (name === undefined) for (const key of Reflect.ownKeys(all)) delete all[key];
    else delete all[name];
    return this;
  }
  listenerCount(name: PropertyKey): number {
    return this.entries(name).length;
  }
  listeners(name: PropertyKey): Listener[] {
    return this.entries(name).map((e) => e.listener);
  }
  rawListeners(name: PropertyKey): Listener[] {
    return this.listeners(name);
  }
  eventNames(): PropertyKey[] {
    const all = (this as unknown as { _listeners: Record<PropertyKey, Entry[]> })._listeners;
    return Reflect.ownKeys(all).filter((key) => all[key]!.length > 0);
  }
  setMaxListeners(): this {
    return this;
  }
  getMaxListeners(): number {
    return 10;
  }
  emit(name: PropertyKey, ...args: unknown[]): boolean {
    const entries = [...this.entries(name)];
    for (const entry of entries) {
      if (entry.once) this.off(name, entry.listener);
      entry.listener.apply(this, args);
    }
    return entries.length > 0;
  }
}

// The guest's process and stdio are emitters to `instanceof`; every method is replaced above.
Object.setPrototypeOf(ServiceEmitter.prototype, EventEmitter.prototype);

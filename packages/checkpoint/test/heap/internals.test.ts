import { describe, expect, it } from 'vitest';
import { type InternalScope, Internals } from '../../src/heap/index.js';

const internals = new Internals();

describe('Internals.of()', () => {
  it('gives target, receiver and arguments of a bound function by reference', () => {
    const self = { self: 1 };
    const argument = { argument: 1 };
    const symbol = Symbol('unique');
    const target = () => 1;
    const slots = internals.of(target.bind(self, 7, argument, symbol, -0));
    expect(slots['[[TargetFunction]]']).toBe(target);
    expect(slots['[[BoundThis]]']).toBe(self);
    const bound = slots['[[BoundArgs]]'] as unknown[];
    expect([bound[0], bound[1], bound[2], bound[3]]).toStrictEqual([7, argument, symbol, -0]);
    expect(bound[1]).toBe(argument);
  });

  it('gives target and handler of a proxy without touching a trap', () => {
    let touched = 0;
    const target = { a: 1 };
    const count = () => {
      touched++;
      return undefined;
    };
    const handler = { get: count, has: count, getPrototypeOf: count } as unknown as ProxyHandler<object>;
    const slots = internals.of(new Proxy(target, handler));
    expect(slots['[[Target]]']).toBe(target);
    expect(slots['[[Handler]]']).toBe(handler);
    expect(slots['[[IsRevoked]]']).toBe(false);
    expect(touched).toBe(0);
  });

  it('gives primitive slots as the values they are', () => {
    const bind = (value: unknown) =>
      internals.of(
        function self(this: unknown) {
          return this;
        }.bind(value),
      )['[[BoundThis]]'];
    for (const value of [undefined, null, true, 'text', 1.5, -0, Number.NaN, Infinity, -Infinity, -12345678901234567890n]) {
      expect(Object.is(bind(value), value)).toBe(true);
    }
  });

  it('gives entries of weak collections and what is left of an iterator', () => {
    const key = {};
    const value = { value: 1 };
    const entries = internals.of(new WeakMap([[key, value]]))['[[Entries]]'] as { key: object; value: object }[];
    expect(entries.length).toBe(1);
    expect(entries[0]!.key).toBe(key);
    expect(entries[0]!.value).toBe(value);
    const iterator = new Map([
      [key, 1],
      [value, 2],
    ]).entries();
    iterator.next();
    const rest = internals.of(iterator)['[[Entries]]'] as { key: object; value: number }[];
    expect(rest.length).toBe(1);
    expect(rest[0]!.key).toBe(value);
    expect(internals.of(new WeakRef(key))['[[WeakRefTarget]]']).toBe(key);
  });

  it('gives state, location and scopes of a suspended generator and leaves it suspended', () => {
    const outer = { outer: 1 };
    function* generator(this: unknown, parameter: number) {
      const local = { parameter };
      yield local;
      yield outer;
    }
    const suspended = generator.call(outer, 3);
    const local = suspended.next().value;
    const slots = internals.of(suspended);
    expect(slots['[[GeneratorState]]']).toBe('suspended');
    expect(slots['[[GeneratorFunction]]']).toBe(generator);
    expect(slots['[[GeneratorReceiver]]']).toBe(outer);
    expect((slots['[[GeneratorLocation]]'] as { lineNumber: number }).lineNumber).toBeGreaterThan(0);
    const scopes = slots['[[Scopes]]'] as InternalScope[];
    expect(scopes[0]!.description).toBe('Local (generator)');
    expect((scopes[0]!.variables as { local: unknown }).local).toBe(local);
    expect(suspended.next().value).toBe(outer);
  });

  it('gives state and result of promises and runs no microtask', () => {
    let ran = false;
    const result = { result: 1 };
    const done = Promise.resolve(result);
    void done.then(() => (ran = true));
    const slots = internals.ofAll([done, new Promise(() => undefined)]);
    expect(slots[0]!['[[PromiseState]]']).toBe('fulfilled');
    expect(slots[0]!['[[PromiseResult]]']).toBe(result);
    expect(slots[1]!['[[PromiseState]]']).toBe('pending');
    expect(ran).toBe(false);
  });

  it('answers for more objects than one batch, in order, while the guest has toJSON on Object.prototype', () => {
    const targets = Array.from({ length: 600 }, (_, i) => ({ i }));
    const before = Reflect.ownKeys(Object.prototype);
    Object.assign(Object.prototype, { toJSON: () => 'poison', later: 1 });
    try {
      const slots = internals.ofAll(targets.map((target) => new Proxy(target, {})));
      expect(slots.map((slot) => slot['[[Target]]'])).toStrictEqual(targets);
      expect(Reflect.ownKeys(Object.prototype)).toStrictEqual([...before, 'toJSON', 'later']);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON');
      Reflect.deleteProperty(Object.prototype, 'later');
    }
  });
});

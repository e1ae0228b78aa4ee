import { describe, expect, it } from 'vitest';
import { GodwitError } from '../../src/base/index.js';
import { decodeHeap, encodeHeap, type Privates, type SpecialKind } from '../../src/heap/index.js';
import { options, roundTrip } from './graph.js';

/** Closures over one variable, the way a runtime would know them. */
const cells = new WeakMap<object, { value: unknown }>();
function counter(cell: { value: unknown }): () => unknown {
  const read = () => cell.value;
  cells.set(read, cell);
  return read;
}
const closures: SpecialKind = {
  tag: 'counter',
  ownProperties: true,
  claims: (value) => cells.has(value),
  save: (value) => ({ create: [cells.get(value)] }),
  create: ([cell]) => counter(cell as { value: unknown }),
};

/** A resource whose state is handed over at the end. */
class Resource {
  state: unknown = undefined;
}
const resources: SpecialKind = {
  tag: 'resource',
  ownProperties: false,
  claims: (value) => value instanceof Resource,
  save: (value) => ({ create: [], fill: (value as Resource).state }),
  create: () => new Resource(),
  fill(value, state) {
    (value as Resource).state = state;
  },
};

describe('special kinds', () => {
  it('are created after their parts, even in a cycle through ordinary objects, and keep own properties', () => {
    const cell: { value: unknown } = { value: undefined };
    const read = Object.assign(counter(cell), { extra: cell });
    cell.value = { read };
    const back = roundTrip({ first: read, cell }, { specials: [closures] });
    expect(back.first).not.toBe(read);
    expect((back.first() as { read: unknown }).read).toBe(back.first);
    expect(cells.get(back.first)).toBe(back.cell);
    expect((back.first as unknown as { extra: unknown }).extra).toBe(back.cell);
    expect(Reflect.ownKeys(back.first)).toStrictEqual(Reflect.ownKeys(read));
  });

  it('keep changed, removed and reordered properties of functions', () => {
    const a = counter({ value: 1 });
    Reflect.deleteProperty(a, 'name');
    Object.defineProperty(a, 'length', { value: 9, enumerable: true });
    const b = counter({ value: 2 });
    Reflect.deleteProperty(b, 'length');
    Object.assign(b, { z: 1, 5: 'five', [Symbol.for('s')]: null });
    Object.defineProperty(b, 'length', { value: 'late', configurable: true });
    Object.freeze(b);
    for (const f of [a, b]) {
      const back = roundTrip(f, { specials: [closures] });
      expect(Reflect.ownKeys(back)).toStrictEqual(Reflect.ownKeys(f));
      expect(Object.getOwnPropertyDescriptors(back)).toStrictEqual(Object.getOwnPropertyDescriptors(f));
      expect(Object.isFrozen(back)).toBe(Object.isFrozen(f));
    }
  });

  it('get their state when everything else is filled', () => {
    const resource = new Resource();
    const map = new Map([['k', { resource, list: [1, 2] }]]);
    resource.state = { map, resource };
    let seen: unknown;
    const observing: SpecialKind = {
      ...resources,
      fill(value, state) {
        seen = structuredClone((state as { map: Map<string, { list: unknown }> }).map.get('k')!.list);
        resources.fill!(value, state);
      },
    };
    const back = roundTrip(resource, { specials: [observing] });
    expect(seen).toStrictEqual([1, 2]);
    expect((back.state as { map: typeof map }).map.get('k')!.resource).toBe(back);
  });

  it('are refused at capture when their parts need each other', () => {
    const pair: object[] = [counter({ value: 1 }), counter({ value: 2 })];
    const chained: SpecialKind = {
      ...closures,
      save: (value) => ({ create: [pair[0] === value ? pair[1] : pair[0]] }),
    };
    expect(() => roundTrip({ pair }, { specials: [chained] })).toThrow(
      expect.objectContaining({ code: 'GODWIT_CANNOT_CAPTURE', message: expect.stringMatching(/need each other/) }),
    );
  });

  it('show their refusal with the path', () => {
    const refusing: SpecialKind = {
      ...resources,
      save() {
        throw new GodwitError('GODWIT_CANNOT_CAPTURE', 'Cannot capture a resource: it is open');
      },
    };
    expect(() => roundTrip({ deep: [new Resource()] }, { specials: [refusing] })).toThrow(
      'Cannot capture "root.deep[0]": a resource: it is open',
    );
  });

  it('are unknown to a realm that lacks them', () => {
    const { pages } = encodeHeap(counter({ value: 1 }), { ...options, specials: [closures] });
    expect(() => decodeHeap(pages, options)).toThrow(
      expect.objectContaining({ code: 'GODWIT_CANNOT_RESTORE', message: expect.stringContaining('"special:counter"') }),
    );
  });
});

/** Private fields of two classes, one derived, reached the way a hook inside each class would. */
class Base {
  #secret: unknown;
  constructor(secret: unknown) {
    this.#secret = secret;
  }
  static read(value: object): unknown[] | undefined {
    return #secret in value ? [value.#secret] : undefined;
  }
  static write(value: object, [secret]: unknown[]): void {
    (value as Base).#secret = secret;
  }
  get secret() {
    return this.#secret;
  }
}
class Anything {
  constructor(value: object) {
    // biome-ignore lint/correctness/noConstructorReturn: puts a private field on any object
    return value;
  }
}
class Derived extends Anything {
  #more: unknown;
  static install(value: object): void {
    new Derived(value);
  }
  static read(value: object): unknown[] | undefined {
    return #more in value ? [value.#more] : undefined;
  }
  static write(value: object, [more]: unknown[]): void {
    (value as Derived).#more = more;
  }
}
const classes = [Base, Derived];
const privates: Privates = {
  of(value) {
    const found = classes.map((owner) => ({ owner, values: owner.read(value)! })).filter((entry) => entry.values);
    return found.length > 0 ? found : undefined;
  },
  allocate: (owner) => (owner === Base ? new Base(undefined) : undefined),
  install: (value, owner) => {
    if (owner === Derived) Derived.install(value);
  },
  fill: (value, owner, values) => (owner as typeof Base).write(value, values),
};
/** Classes and their prototypes are made by the realm. */
const classKinds: SpecialKind = {
  tag: 'class',
  ownProperties: false,
  claims: (value) => classes.some((owner) => owner === value || owner.prototype === value),
  save(value) {
    const index = classes.findIndex((owner) => owner === value || owner.prototype === value);
    return { create: [index, classes[index] === value] };
  },
  create: ([index, isClass]) => (isClass ? classes[index as number]! : classes[index as number]!.prototype),
};

describe('private fields', () => {
  it('come back with their object, cycles through them included', () => {
    const shared = { shared: true };
    const one = new Base(shared);
    const two = Object.assign(new Base(undefined), { visible: shared });
    Base.write(two, [{ two, one }]);
    const back = roundTrip({ two, one, shared }, { privates, specials: [classKinds] });
    expect(back.one).toBeInstanceOf(Base);
    expect(back.one).not.toBe(one);
    expect(back.one.secret).toBe(back.shared);
    expect((back.two.secret as { two: unknown }).two).toBe(back.two);
    expect((back.two.secret as { one: unknown }).one).toBe(back.one);
    expect(back.two.visible).toBe(back.shared);
  });

  it('of several classes, on objects of any kind', () => {
    const map = new Map([[1, 2]]);
    Derived.install(map);
    Derived.write(map, [map]);
    const both = new Base('base');
    Derived.install(both);
    Derived.write(both, ['derived']);
    const back = roundTrip({ map, both }, { privates, specials: [classKinds] });
    expect(Derived.read(back.map)).toStrictEqual([back.map]);
    expect(back.map.get(1)).toBe(2);
    expect([Base.read(back.both), Derived.read(back.both)]).toStrictEqual([['base'], ['derived']]);
  });
});

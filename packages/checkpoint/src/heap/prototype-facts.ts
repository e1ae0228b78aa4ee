/**
 * What holds for all objects with one prototype, worked out once a capture (the guest stands still), and object counts by type.
 */
import { types } from 'node:util';
import type { NamedBuiltins } from './options.js';
import { getOwnPropertyDescriptor, getPrototypeOf, hasOwn, SafeMap, startsWith } from './primordials.js';
import { ShapeNode } from './shapes.js';

const { isProxy } = types;
const { toStringTag } = Symbol;

export interface TypeCount {
  name: string;
  objects: number;
  bytes: number;
}

export interface PrototypeFacts {
  /** No toStringTag and no proxy on the chain: Object.prototype.toString tells the slots without running guest code. */
  clean: boolean;
  /** The nearest named prototype. */
  named: object | undefined;
  /** Whether that prototype's instances may hide state. */
  opaque: boolean;
  /** It is of a class of the runtime's own. */
  isRuntimes: boolean;
  root: ShapeNode;
  count: TypeCount;
}

export class PrototypeTable {
  readonly #facts = new SafeMap<object | null, PrototypeFacts>();
  readonly #counts = new SafeMap<string, TypeCount>();
  readonly #builtins: NamedBuiltins;

  constructor(builtins: NamedBuiltins) {
    this.#builtins = builtins;
  }

  of(prototype: object | null): PrototypeFacts {
    let facts = this.#facts.get(prototype);
    if (facts) return facts;
    let clean = true;
    let named: object | undefined;
    for (let at = prototype; at !== null; at = getPrototypeOf(at)) {
      if (isProxy(at)) {
        clean = false;
        break;
      }
      if (hasOwn(at, toStringTag)) clean = false;
      if (named === undefined && this.#builtins.nameOf(at) !== undefined) named = at;
    }
    const opaque = named !== undefined && this.#builtins.isOpaque(named);
    const name = named !== undefined && named === prototype ? this.#builtins.nameOf(named) : undefined;
    const isRuntimes = name !== undefined && startsWith(name, 'godwit:');
    facts = { clean, named, opaque, isRuntimes, root: new ShapeNode(), count: this.count(constructorName(prototype)) };
    this.#facts.set(prototype, facts);
    return facts;
  }

  count(name: string): TypeCount {
    let count = this.#counts.get(name);
    if (!count) {
      count = { name, objects: 0, bytes: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }

  eachCount(visit: (count: TypeCount) => void): void {
    this.#counts.forEach((count) => {
      if (count.objects > 0) visit(count);
    });
  }
}

function constructorName(prototype: object | null): string {
  if (prototype === null || isProxy(prototype)) return 'Object';
  const Class: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof Class !== 'function' || isProxy(Class)) return 'Object';
  const name: unknown = getOwnPropertyDescriptor(Class, 'name')?.value;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}

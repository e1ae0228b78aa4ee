/**
 * Shapes: prototype + ordered list of plain string keys. Keys are written once an image, and objects of one shape are rebuilt by
 * one generated literal, so that they come out with fast properties and one hidden class.
 * The encoder finds a shape by walking a trie from the prototype, key by key.
 */
import { limits } from '../limits.js';
import type { HiddenClasses } from './hidden-classes.js';
import { isIndexKey } from './own-properties.js';
import { type List, list, SafeMap } from './primordials.js';

/** Writes one value met at a site. */
export type WriteValue = (value: unknown, site: number) => void;

/** One shape of an image. */
export interface Shape {
  readonly index: number;
  readonly prototype: object | null;
  readonly keys: List<string>;
  /** The site of the first key; the others follow. 0: all share site 0. */
  readonly site: number;
  uses: number;
  /** Its objects are the runtime's own. */
  readonly isRuntimes: boolean;
  /** Writes all values of an object known to have this shape as plain data properties. */
  writeAll(object: object): void;
}

/** A key list prefix. `lastKey`/`last` remember the step taken most recently: objects of one kind come in rows. */
export class ShapeNode {
  shape: Shape | undefined = undefined;
  lastKey: string | undefined = undefined;
  last: ShapeNode | undefined = undefined;
  #next: SafeMap<string, ShapeNode> | undefined = undefined;

  step(key: string): ShapeNode {
    if (key === this.lastKey) return this.last!;
    this.#next ??= new SafeMap<string, ShapeNode>();
    let node = this.#next.get(key);
    if (!node) {
      node = new ShapeNode();
      this.#next.set(key, node);
    }
    this.lastKey = key;
    this.last = node;
    return node;
  }
}

/** All shapes met while encoding. */
export class ShapeTable {
  readonly shapes: List<Shape> = list();
  readonly #hiddenClasses: HiddenClasses;
  readonly #write: WriteValue;

  constructor(hiddenClasses: HiddenClasses, write: WriteValue) {
    this.#hiddenClasses = hiddenClasses;
    this.#write = write;
  }

  /** The shape of a trie node; undefined: the image has too many, or a key that no literal can carry. */
  of(node: ShapeNode, prototype: object | null, keys: readonly string[], isRuntimes: boolean): Shape | undefined {
    if (node.shape) return node.shape;
    if (this.shapes.length >= limits.shapes) return undefined;
    const kept = list<string>();
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === '__proto__' || isIndexKey(keys[i]!)) return undefined;
      kept[i] = keys[i]!;
    }
    const site = this.#hiddenClasses.newSites(kept.length);
    const shape = makeShape({ index: this.shapes.length, prototype, keys: kept, site, isRuntimes }, this.#write);
    this.shapes[shape.index] = shape;
    node.shape = shape;
    return shape;
  }
}

const stringify = JSON.stringify;
const FunctionOf = Function;

function makeShape(facts: Omit<Shape, 'uses' | 'writeAll'>, write: WriteValue): Shape {
  const { keys, site } = facts;
  const shape: Shape = { ...facts, uses: 0, writeAll: keyByKey };
  function keyByKey(object: object): void {
    if (shape.uses >= limits.shapeFactoryUses) shape.writeAll = compiled(keys, site, write);
    for (let i = 0; i < keys.length; i++) write((object as Record<string, unknown>)[keys[i]!], site === 0 ? 0 : site + i);
  }
  return shape;
}

/** One load a key, each with an inline cache of its own. */
function compiled(keys: List<string>, site: number, write: WriteValue): (object: object) => void {
  let body = '';
  for (let i = 0; i < keys.length; i++) body += `write(object[${stringify(keys[i]!)}], ${site === 0 ? 0 : site + i}); `;
  // The text holds quoted keys and numbers, nothing else of the guest.
  const make = new FunctionOf('write', `return (object) => { ${body} };`) as (write: WriteValue) => (object: object) => void;
  return make(write);
}

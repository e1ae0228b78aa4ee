/**
 * Shapes: prototype + ordered list of plain string keys. Keys are written once an image, and objects of one shape are rebuilt by
 * one generated literal, so that they come out with fast properties and one hidden class.
 * The encoder finds a shape by walking a trie from the prototype, key by key.
 */
import { limits } from '../limits.js';
import { isIndexKey } from './own-properties.js';
import { type List, list, SafeMap } from './primordials.js';

/** One shape of an image. */
export interface Shape {
  index: number;
  prototype: object | null;
  keys: List<string>;
  uses: number;
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

  /** The shape of a trie node; undefined: the image has too many, or a key that no literal can carry. */
  of(node: ShapeNode, prototype: object | null, keys: readonly string[]): Shape | undefined {
    if (node.shape) return node.shape;
    if (this.shapes.length >= limits.shapes) return undefined;
    const kept = list<string>();
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === '__proto__' || isIndexKey(keys[i]!)) return undefined;
      kept[i] = keys[i]!;
    }
    const shape: Shape = { index: this.shapes.length, prototype, keys: kept, uses: 0 };
    this.shapes[shape.index] = shape;
    node.shape = shape;
    return shape;
  }
}

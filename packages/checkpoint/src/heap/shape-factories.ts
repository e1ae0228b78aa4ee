/**
 * How objects of one shape are made: a literal compiled for the shape when it is used often, plain definitions otherwise.
 * Generated code holds nothing from the image but key texts, quoted as JSON; it is a literal with calls to the reader.
 */

import { plainProperty } from './own-properties.js';
import { type List, reflectDefine } from './primordials.js';
import type { ValueReader } from './value-reader.js';

export interface ShapeFactory {
  readonly keys: List<string>;
  /** Set once all prototypes exist. */
  prototype: object | null;
  /** A whole object, its values read in key order. */
  make(reader: ValueReader): object;
  /** Identity without content: every key there, every value undefined. */
  hollow(): object;
  /** Gives a hollow object its values. */
  fill(object: object, reader: ValueReader): void;
}

const stringify = JSON.stringify;
const FunctionOf = Function;

/** For shapes with few objects. */
export function genericFactory(keys: List<string>): ShapeFactory {
  const fill = (object: object, reader: ValueReader): void => {
    for (let i = 0; i < keys.length; i++) reflectDefine(object, keys[i]!, plainProperty(reader.value()));
  };
  return {
    keys,
    prototype: Object.prototype,
    make(reader) {
      const object = {};
      fill(object, reader);
      return object;
    },
    hollow() {
      const object = {};
      for (let i = 0; i < keys.length; i++) reflectDefine(object, keys[i]!, plainProperty(undefined));
      return object;
    },
    fill,
  };
}

/** For shapes with many objects. Keys never include `__proto__` or indices (see ShapeTable). */
export function literalFactory(keys: List<string>): ShapeFactory {
  let whole = '';
  let hollow = '';
  let stores = '';
  for (let i = 0; i < keys.length; i++) {
    const key = stringify(keys[i]!);
    whole += `${key}: r.value(), `;
    hollow += `${key}: undefined, `;
    // The property exists as an own data property, so that no setter of a prototype can see the store.
    stores += `o[${key}] = r.value(); `;
  }
  // Compiled because a literal is what gives V8 one hidden class; the texts are quoted keys and nothing else.
  const make = new FunctionOf('r', `return { ${whole}};`) as ShapeFactory['make'];
  const makeHollow = new FunctionOf(`return { ${hollow}};`) as ShapeFactory['hollow'];
  const fill = new FunctionOf('o', 'r', stores) as ShapeFactory['fill'];
  return { keys, prototype: Object.prototype, make, hollow: makeHollow, fill };
}

/**
 * How objects of one shape are made: a literal compiled for the shape when it is used often, plain definitions otherwise.
 * Generated code holds nothing from the image but key texts, quoted as JSON; it is a literal with calls to the reader.
 */

import { plainProperty } from './own-properties.js';
import { type List, reflectDefine } from './primordials.js';
import type { ValueReader } from './value-reader.js';

export interface ShapeFactory {
  readonly keys: List<string>;
  /** How many objects of the image have it. */
  readonly uses: number;
  /** A whole object with the ordinary prototype, its values read in key order. */
  make(reader: ValueReader): object;
  /** Identity without content: every key there, every value undefined. */
  blank(): object;
  /** Gives a blank object its values. */
  fill(object: object, reader: ValueReader): void;
}

const stringify = JSON.stringify;
const FunctionOf = Function;

/** For shapes with few objects. */
export function genericFactory(keys: List<string>, uses: number): ShapeFactory {
  const fill = (object: object, reader: ValueReader): void => {
    for (let i = 0; i < keys.length; i++) reflectDefine(object, keys[i]!, plainProperty(reader.value()));
  };
  return {
    ...{ keys, uses },
    make(reader) {
      const object = {};
      fill(object, reader);
      return object;
    },
    blank() {
      const object = {};
      for (let i = 0; i < keys.length; i++) reflectDefine(object, keys[i]!, plainProperty(undefined));
      return object;
    },
    fill,
  };
}

/** For shapes with many objects. Keys never include `__proto__` or indices (see ShapeTable). */
export function literalFactory(keys: List<string>, uses: number): ShapeFactory {
  let whole = '';
  let blank = '';
  let stores = '';
  for (let i = 0; i < keys.length; i++) {
    const key = stringify(keys[i]!);
    whole += `${key}: r.value(), `;
    blank += `${key}: undefined, `;
    // The property exists as an own data property, so that no setter of a prototype can see the store.
    stores += `o[${key}] = r.value(); `;
  }
  // Compiled because a literal is what gives V8 one hidden class; the texts are quoted keys and nothing else.
  const make = new FunctionOf('r', `return { ${whole}};`) as ShapeFactory['make'];
  const makeBlank = new FunctionOf(`return { ${blank}};`) as ShapeFactory['blank'];
  const fill = new FunctionOf('o', 'r', stores) as ShapeFactory['fill'];
  return { keys, uses, make, blank: makeBlank, fill };
}

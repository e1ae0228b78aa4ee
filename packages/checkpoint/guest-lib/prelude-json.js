/**
 * JSON.parse with a reviver and JSON.stringify with a replacer function (ECMAScript 25.5.1.1, 25.5.2): the calls stand here, where a guest
 * can be captured; texts and values that call nothing are the native functions' work. Later Nodes give a reviver the source of a value, which
 * only the native function knows: there it stays.
 */
function revive(holder, key, reviver) {
  const value = holder[key];
  if (typeof value === 'object' && value !== null) {
    if ($$natives.isArray(value)) {
      const n = lengthOf(value);
      for (let i = 0; i < n; i++) reviveInto(value, `${i}`, reviver);
    } else {
      const keys = $$natives.keys(value);
      for (let i = 0; i < keys.length; i++) reviveInto(value, keys[i], reviver);
    }
  }
  return $$natives.call(reviver, holder, key, value);
}
function reviveInto(holder, key, reviver) {
  const value = revive(holder, key, reviver);
  if (value === undefined) $$natives.deleteProperty(holder, key);
  else
    $$natives.createDataProperty(holder, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}
function lengthOf(list) {
  const n = +list.length;
  if (!(n > 0)) return 0;
  return n < 9007199254740991 ? n - (n % 1) : 9007199254740991;
}

/** SerializeJSONProperty; undefined where nothing is written. `state` holds the replacer, the gap and the objects being written. */
function write(holder, key, state, indent) {
  let value = holder[key];
  if ((typeof value === 'object' && value !== null) || typeof value === 'bigint' || typeof value === 'function') {
    const toJson = value.toJSON;
    if (typeof toJson === 'function') value = $$natives.call(toJson, value, key);
  }
  value = $$natives.call(state.replacer, holder, key, value);
  if (typeof value === 'object' && value !== null) {
    const plain = $$natives.unboxed(value);
    if (plain === value) return writeObject(value, key, state, indent);
    value = plain;
  }
  if (typeof value === 'bigint') throw new TypeError('Do not know how to serialize a BigInt');
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : $$natives.stringify(value);
}
function writeObject(value, key, state, indent) {
  $$natives.checkCircular(state, value, key);
  const { stack, keys, gap } = state;
  stack[stack.length] = value;
  keys[keys.length] = key;
  const inner = indent + gap;
  const isList = $$natives.isArray(value);
  let out = '';
  if (isList) {
    const n = lengthOf(value);
    for (let i = 0; i < n; i++) {
      const text = write(value, `${i}`, state, inner);
      out += (i > 0 ? ',' : '') + (gap === '' ? '' : `\n${inner}`) + (text === undefined ? 'null' : text);
    }
  } else {
    const names = $$natives.keys(value);
    for (let i = 0; i < names.length; i++) {
      const text = write(value, names[i], state, inner);
      if (text === undefined) continue;
      out +=
        (out === '' ? '' : ',') +
        (gap === '' ? '' : `\n${inner}`) +
        $$natives.stringify(names[i]) +
        (gap === '' ? ':' : ': ') +
        text;
    }
  }
  stack.length--;
  keys.length--;
  if (out !== '' && gap !== '') out += `\n${indent}`;
  return isList ? `[${out}]` : `{${out}}`;
}

$$natives.define(JSON, {
  parse(text, reviver) {
    'use strict';
    if (reviver === $$natives.leaf && reviver !== undefined) {
      $$natives.leaf = undefined;
      if ($$natives.on) return $$natives.parse(text, reviver);
    }
    if (typeof reviver !== 'function' || $$natives.givesSource) return $$natives.parse(text, reviver);
    return revive({ '': $$natives.parse(text) }, '', reviver);
  },
  stringify(value, replacer, space) {
    'use strict';
    if (replacer === $$natives.leaf && replacer !== undefined) {
      $$natives.leaf = undefined;
      if ($$natives.on) return $$natives.stringify(value, replacer, space);
    }
    if (typeof replacer !== 'function') return $$natives.stringify(value, replacer, space);
    const gap = $$natives.gapOf(space);
    return write({ '': value }, '', { replacer, gap, stack: [], keys: [] }, '');
  },
});

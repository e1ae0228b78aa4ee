/**
 * Built-ins that go through iterables of the guest: Array.from and Object.fromEntries (ECMAScript 23.1.2.1, 20.1.2.7). As in prelude.js the
 * functions need no variable of this module.
 */
/** GetIterator with a method that was read. */
function begin(items, method) {
  const iterator = $$natives.call(method, items);
  if (!isObject(iterator)) throw new TypeError('Result of the Symbol.iterator method is not an object');
  return iterator;
}
function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function checkResult(result) {
  if (!isObject(result)) throw new TypeError(`Iterator result ${describe(result)} is not an object`);
}
function describe(value) {
  return typeof value === 'symbol' ? $$natives.String(value) : `${value}`;
}

/** IteratorClose with a throw completion. */
function closeFor(iterator) {
  try {
    const method = iterator.return;
    if (method !== undefined && method !== null) $$natives.call(method, iterator);
  } catch {
    // the first error wins
  }
}

function put(target, key, value) {
  $$natives.defineProperty(target, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

function isPlainCase(C, items) {
  return C === $$natives.Array && $$natives.isNativelyIterated(items);
}

/** Of what runs no code of the guest but the mapper. */
function fromNative(items, mapper, thisArg) {
  const out = [];
  let k = 0;
  for (const value of items) {
    const mapped = thisArg === undefined ? mapper(value, k) : $$natives.call(mapper, thisArg, value, k);
    out[k++] = mapped;
  }
  return out;
}

function fromIterable(C, items, method, mapper, thisArg) {
  const isPlain = C === $$natives.Array || !$$natives.isConstructor(C);
  const out = isPlain ? [] : new C();
  const iterator = begin(items, method);
  const next = iterator.next;
  let k = 0;
  for (;;) {
    const result = $$natives.call(next, iterator);
    checkResult(result);
    if (result.done) {
      setLength(out, k);
      return out;
    }
    const value = result.value;
    let failed = true;
    try {
      let mapped = value;
      if (mapper !== undefined) mapped = thisArg === undefined ? mapper(value, k) : $$natives.call(mapper, thisArg, value, k);
      if (isPlain) out[k++] = mapped;
      else put(out, k++, mapped);
      failed = false;
    } finally {
      if (failed) closeFor(iterator);
    }
  }
}

function fromArrayLike(C, items, mapper, thisArg) {
  const list = $$natives.Object(items);
  const n = lengthOf(list);
  const isPlain = C === $$natives.Array || !$$natives.isConstructor(C);
  const out = isPlain ? new $$natives.Array(n) : new C(n);
  for (let k = 0; k < n; k++) {
    const value = list[k];
    let mapped = value;
    if (mapper !== undefined) mapped = thisArg === undefined ? mapper(value, k) : $$natives.call(mapper, thisArg, value, k);
    if (isPlain) out[k] = mapped;
    else put(out, k, mapped);
  }
  setLength(out, n);
  return out;
}

function lengthOf(list) {
  const n = +list.length;
  if (!(n > 0)) return 0;
  return n < 9007199254740991 ? n - (n % 1) : 9007199254740991;
}
function setLength(out, n) {
  out.length = n;
}

$$natives.define(Array, {
  from(items, mapper, thisArg) {
    'use strict';
    let isLeaf = mapper === undefined;
    if (mapper === $$natives.leaf && mapper !== undefined) {
      $$natives.leaf = undefined;
      isLeaf = $$natives.on;
    }
    if (items === undefined || items === null || (mapper !== undefined && typeof mapper !== 'function'))
      return $$natives.arrayFrom(this, items, $$natives.whole(mapper), thisArg);
    if (isPlainCase(this, items)) {
      if (isLeaf) return $$natives.arrayFrom(this, items, mapper, thisArg);
      return fromNative(items, mapper, thisArg);
    }
    const method = items[$$natives.iterator];
    if (method === undefined || method === null) return fromArrayLike(this, items, mapper, thisArg);
    if (typeof method !== 'function')
      throw new TypeError(
        '%Array%.from requires that the property of the first argument, items[Symbol.iterator], when exists, be a function',
      );
    return fromIterable(this, items, method, mapper, thisArg);
  },
});

$$natives.define(Object, {
  fromEntries(iterable) {
    'use strict';
    if (!isObject(iterable) || $$natives.isNativelyIterated(iterable)) return $$natives.fromEntries(iterable);
    const method = iterable[$$natives.iterator];
    if (typeof method !== 'function') return $$natives.fromEntries($$natives.whole(iterable));
    const object = {};
    const iterator = begin(iterable, method);
    const next = iterator.next;
    for (;;) {
      const result = $$natives.call(next, iterator);
      checkResult(result);
      if (result.done) return object;
      const item = result.value;
      let failed = true;
      try {
        if (!isObject(item)) throw new TypeError(`Iterator value ${describe(item)} is not an entry object`);
        const key = item[0];
        const value = item[1];
        put(object, key, value);
        failed = false;
      } finally {
        if (failed) closeFor(iterator);
      }
    }
  },
});

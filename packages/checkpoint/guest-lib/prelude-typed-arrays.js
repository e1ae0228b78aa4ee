/**
 * Methods of typed arrays that call back (ECMAScript 23.2.3). A receiver that is none, a callback that is none and results of another class go
 * to the native functions. A callback may detach or shrink the buffer: elements are then read as undefined and not written, as there.
 */
/** The usual case: what is not is the native function's. */
function takes(list, callback) {
  if (callback === $$natives.leaf) {
    $$natives.leaf = undefined;
    if ($$natives.on) return false;
  }
  return typeof callback === 'function' && $$natives.isAttached(list);
}

function findUp(list, callback, thisArg, wanted) {
  const n = $$natives.typedLength(list);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    const found = $$natives.call(callback, thisArg, value, i, list);
    if (found) return wanted === 'index' ? i : value;
  }
  return wanted === 'index' ? -1 : undefined;
}
function findDown(list, callback, thisArg, wanted) {
  for (let i = $$natives.typedLength(list) - 1; i >= 0; i--) {
    const value = list[i];
    const found = $$natives.call(callback, thisArg, value, i, list);
    if (found) return wanted === 'index' ? i : value;
  }
  return wanted === 'index' ? -1 : undefined;
}

$$natives.define(Object.getPrototypeOf(Uint8Array.prototype), {
  forEach(callback, thisArg) {
    'use strict';
    if (!takes(this, callback)) return $$natives.typed_forEach(this, callback, thisArg);
    const n = $$natives.typedLength(this);
    for (let i = 0; i < n; i++) $$natives.call(callback, thisArg, this[i], i, this);
  },
  map(callback, thisArg) {
    'use strict';
    const C = takes(this, callback) ? $$natives.plainClassOf(this) : undefined;
    if (C === undefined) return $$natives.typed_map(this, callback, thisArg);
    const n = $$natives.typedLength(this);
    const out = new C(n);
    for (let i = 0; i < n; i++) {
      const value = $$natives.call(callback, thisArg, this[i], i, this);
      out[i] = value;
    }
    return out;
  },
  filter(callback, thisArg) {
    'use strict';
    const C = takes(this, callback) ? $$natives.plainClassOf(this) : undefined;
    if (C === undefined) return $$natives.typed_filter(this, callback, thisArg);
    const n = $$natives.typedLength(this);
    const kept = [];
    let k = 0;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      const keep = $$natives.call(callback, thisArg, value, i, this);
      if (keep) kept[k++] = value;
    }
    const out = new C(k);
    for (let i = 0; i < k; i++) out[i] = kept[i];
    return out;
  },
  some(callback, thisArg) {
    'use strict';
    if (!takes(this, callback)) return $$natives.typed_some(this, callback, thisArg);
    const n = $$natives.typedLength(this);
    for (let i = 0; i < n; i++) {
      const found = $$natives.call(callback, thisArg, this[i], i, this);
      if (found) return true;
    }
    return false;
  },
  every(callback, thisArg) {
    'use strict';
    if (!takes(this, callback)) return $$natives.typed_every(this, callback, thisArg);
    const n = $$natives.typedLength(this);
    for (let i = 0; i < n; i++) {
      const holds = $$natives.call(callback, thisArg, this[i], i, this);
      if (!holds) return false;
    }
    return true;
  },
  find(callback, thisArg) {
    'use strict';
    return takes(this, callback) ? findUp(this, callback, thisArg, 'value') : $$natives.typed_find(this, callback, thisArg);
  },
  findIndex(callback, thisArg) {
    'use strict';
    return takes(this, callback) ? findUp(this, callback, thisArg, 'index') : $$natives.typed_findIndex(this, callback, thisArg);
  },
  findLast(callback, thisArg) {
    'use strict';
    return takes(this, callback) ? findDown(this, callback, thisArg, 'value') : $$natives.typed_findLast(this, callback, thisArg);
  },
  findLastIndex(callback, thisArg) {
    'use strict';
    return takes(this, callback)
      ? findDown(this, callback, thisArg, 'index')
      : $$natives.typed_findLastIndex(this, callback, thisArg);
  },
  reduce(callback, initial) {
    'use strict';
    const given = arguments.length;
    if (given < 2 || !takes(this, callback))
      return given < 2 ? $$natives.typed_reduce(this, callback) : $$natives.typed_reduce(this, callback, initial);
    const n = $$natives.typedLength(this);
    let value = initial;
    for (let i = 0; i < n; i++) value = callback(value, this[i], i, this);
    return value;
  },
  reduceRight(callback, initial) {
    'use strict';
    const given = arguments.length;
    if (given < 2 || !takes(this, callback))
      return given < 2 ? $$natives.typed_reduceRight(this, callback) : $$natives.typed_reduceRight(this, callback, initial);
    let value = initial;
    for (let i = $$natives.typedLength(this) - 1; i >= 0; i--) value = callback(value, this[i], i, this);
    return value;
  },
});

/**
 * Built-ins that call back, in JavaScript, compiled with each guest: a guest can be captured inside `list.forEach(…)` because no
 * native frame stands between the callback and its caller. Steps follow ECMAScript 23.1.3 (generic over array-likes, holes skipped).
 *
 * Callbacks that neither call nor loop ($$natives.leaf) go to the native functions, which V8 inlines, except while a capture waits
 * (docs/adr/0007). The ifs stand one in the other because V8 inlines a native function only where it sees the receiver's hidden class
 * on a straight way back.
 *
 * The methods need no variable of this module: the runtime calls them while a restore is still giving the variables their values.
 */
import { timSort } from './prelude-sort.js';

/** May the native function call the leaf? It is not kept any longer. */
function takeLeaf() {
  $$natives.leaf = undefined;
  return $$natives.on;
}
/** The usual case, whose loops stand in the methods themselves: short enough for V8 to inline them where they are called. */
function isPlain(list, callback) {
  return $$natives.isArray(list) && typeof callback === 'function';
}
function lengthOf(list) {
  const n = +list.length;
  if (!(n > 0)) return 0;
  return n < 9007199254740991 ? n - (n % 1) : 9007199254740991;
}
/** ArraySpeciesCreate; plain arrays take the short way. */
function create(original, length) {
  if (!$$natives.isArray(original)) return new $$natives.Array(length);
  const C = original.constructor;
  if (C === $$natives.Array) return new $$natives.Array(length);
  const S = (typeof C === 'object' && C !== null) || typeof C === 'function' ? (C[$$natives.species] ?? undefined) : C;
  if (S === undefined || S === $$natives.Array) return new $$natives.Array(length);
  if (!$$natives.isConstructor(S)) throw new TypeError('object.constructor[Symbol.species] is not a constructor');
  return new S(length);
}
function put(target, index, value) {
  $$natives.defineProperty(target, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}

function guestForEach(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.forEach(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    if (thisArg === undefined) callback(value, i, list);
    else $$natives.call(callback, thisArg, value, i, list);
  }
}
function guestMap(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.map(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  const out = create(list, n);
  const plain = $$natives.isPlainArray(out);
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const item = list[i];
    const value = thisArg === undefined ? callback(item, i, list) : $$natives.call(callback, thisArg, item, i, list);
    if (plain) out[i] = value;
    else put(out, i, value);
  }
  return out;
}
function guestFilter(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.filter(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  const out = create(list, 0);
  const plain = $$natives.isPlainArray(out);
  let k = 0;
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    const keep = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (!keep) continue;
    if (plain) out[k++] = value;
    else put(out, k++, value);
  }
  return out;
}
function guestSome(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.some(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (found) return true;
  }
  return false;
}
function guestEvery(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.every(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = list[i];
    const holds = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (!holds) return false;
  }
  return true;
}
function guestFind(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.find(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (found) return value;
  }
  return undefined;
}
function guestFindIndex(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.findIndex(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (found) return i;
  }
  return -1;
}
function guestFindLast(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.findLast(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = n - 1; i >= 0; i--) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (found) return value;
  }
  return undefined;
}
function guestFindLastIndex(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.findLastIndex(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  for (let i = n - 1; i >= 0; i--) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : $$natives.call(callback, thisArg, value, i, list);
    if (found) return i;
  }
  return -1;
}
function guestReduce(self, callback, initial, hasInitial) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.reduce(self, $$natives.whole(callback), initial);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  let i = 0;
  let value;
  if (hasInitial) value = initial;
  else {
    while (i < n && !(i in list)) i++;
    if (i >= n) throw new TypeError('Reduce of empty array with no initial value');
    value = list[i++];
  }
  for (; i < n; i++) {
    if (!(i in list)) continue;
    const item = list[i];
    value = callback(value, item, i, list);
  }
  return value;
}
function guestReduceRight(self, callback, initial, hasInitial) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.reduceRight(self, $$natives.whole(callback), initial);
  const list = $$natives.Object(self);
  let i = lengthOf(list) - 1;
  let value;
  if (hasInitial) value = initial;
  else {
    while (i >= 0 && !(i in list)) i--;
    if (i < 0) throw new TypeError('Reduce of empty array with no initial value');
    value = list[i--];
  }
  for (; i >= 0; i--) if (i in list) value = callback(value, list[i], i, list);
  return value;
}
function guestFlatMap(self, callback, thisArg) {
  if (typeof callback !== 'function' || self === undefined || self === null)
    return $$natives.flatMap(self, $$natives.whole(callback), thisArg);
  const list = $$natives.Object(self);
  const n = lengthOf(list);
  const out = create(list, 0);
  let k = 0;
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = $$natives.call(callback, thisArg, list[i], i, list);
    if ($$natives.isArray(value)) {
      const m = lengthOf(value);
      for (let j = 0; j < m; j++) if (j in value) put(out, k++, value[j]);
    } else put(out, k++, value);
  }
  return out;
}

$$natives.define(Array.prototype, {
  forEach(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.forEach(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined) return guestForEach(this, callback, thisArg);
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      callback(value, i, this);
    }
  },
  map(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.map(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined || this.constructor !== $$natives.Array)
      return guestMap(this, callback, thisArg);
    const out = new $$natives.Array(this.length);
    const n = out.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      out[i] = callback(value, i, this);
    }
    return out;
  },
  filter(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.filter(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined || this.constructor !== $$natives.Array)
      return guestFilter(this, callback, thisArg);
    const out = [];
    let k = 0;
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      if (callback(value, i, this)) out[k++] = value;
    }
    return out;
  },
  some(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.some(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined) return guestSome(this, callback, thisArg);
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      if (callback(value, i, this)) return true;
    }
    return false;
  },
  every(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.every(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined) return guestEvery(this, callback, thisArg);
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      if (!callback(value, i, this)) return false;
    }
    return true;
  },
  find(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.find(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined) return guestFind(this, callback, thisArg);
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (callback(value, i, this)) return value;
    }
    return undefined;
  },
  findIndex(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.findIndex(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined) return guestFindIndex(this, callback, thisArg);
    const n = this.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (callback(value, i, this)) return i;
    }
    return -1;
  },
  findLast(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.findLast(this, callback);
    return guestFindLast(this, callback, thisArg);
  },
  findLastIndex(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.findLastIndex(this, callback);
    return guestFindLastIndex(this, callback, thisArg);
  },
  reduce(callback, initial) {
    'use strict';
    if (callback === $$natives.leaf) if (arguments.length === 2) if (takeLeaf()) return $$natives.reduce(this, callback, initial);
    const given = arguments.length;
    if (!isPlain(this, callback) || given < 2) return guestReduce(this, callback, initial, given > 1);
    const n = this.length;
    let sum = initial;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      sum = callback(sum, value, i, this);
    }
    return sum;
  },
  reduceRight(callback, initial) {
    'use strict';
    if (callback === $$natives.leaf)
      if (arguments.length === 2) if (takeLeaf()) return $$natives.reduceRight(this, callback, initial);
    return guestReduceRight(this, callback, initial, arguments.length > 1);
  },
  flatMap(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.flatMap(this, callback);
    return guestFlatMap(this, callback, thisArg);
  },
  sort(compare) {
    'use strict';
    if (typeof compare !== 'function' || this === undefined || this === null)
      return $$natives.sort(this, $$natives.whole(compare));
    const list = $$natives.Object(this);
    const n = lengthOf(list);
    const items = [];
    let found = 0;
    let missing = 0;
    for (let i = 0; i < n; i++) {
      if (!(i in list)) continue;
      const item = list[i];
      if (item === undefined) missing++;
      else items[found++] = item;
    }
    timSort(items, compare);
    let k = 0;
    for (; k < found; k++) list[k] = items[k];
    for (; missing > 0; missing--) list[k++] = undefined;
    for (; k < n; k++) if (k in list) delete list[k];
    return list;
  },
  toSorted(compare) {
    'use strict';
    if (typeof compare !== 'function' || this === undefined || this === null)
      return $$natives.toSorted(this, $$natives.whole(compare));
    const list = $$natives.Object(this);
    const n = lengthOf(list);
    const out = new $$natives.Array(n);
    const items = [];
    let found = 0;
    for (let i = 0; i < n; i++) {
      const item = list[i];
      if (item !== undefined) items[found++] = item;
    }
    timSort(items, compare);
    for (let k = 0; k < n; k++) out[k] = k < found ? items[k] : undefined;
    return out;
  },
});

// Programs that name `Map.prototype` are taken to call its methods as functions.
$$natives.define($$natives.mapPrototype, {
  forEach(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.mapForEach(this, callback);
    if (typeof callback !== 'function' || !$$natives.isMap(this))
      return $$natives.mapForEach($$natives.whole(this), $$natives.whole(callback), thisArg);
    for (const [key, value] of $$natives.cursor(this, 'map')) $$natives.call(callback, thisArg, value, key, this);
  },
});
$$natives.define($$natives.setPrototype, {
  forEach(callback, thisArg) {
    'use strict';
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.setForEach(this, callback);
    if (typeof callback !== 'function' || !$$natives.isSet(this))
      return $$natives.setForEach($$natives.whole(this), $$natives.whole(callback), thisArg);
    for (const value of $$natives.cursor(this, 'set')) $$natives.call(callback, thisArg, value, value, this);
  },
});

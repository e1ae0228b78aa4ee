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
const define = (target, methods) => {
  for (const name of Object.getOwnPropertyNames(methods)) {
    Object.defineProperty(target, name, { value: methods[name], writable: true, enumerable: false, configurable: true });
  }
};

function check(callback) {
  if (typeof callback !== 'function') throw new TypeError(`${describe(callback)} is not a function`);
}
function describe(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? String(value) : `#<${value.constructor?.name ?? 'Object'}>`;
  return String(value);
}
/** May the native function call the leaf? It is not kept any longer. */
function takeLeaf() {
  $$natives.leaf = undefined;
  return $$natives.on;
}
/** The usual case, whose loops stand in the methods themselves: short enough for V8 to inline them where they are called. */
function isPlain(list, callback) {
  return Array.isArray(list) && typeof callback === 'function';
}
function lengthOf(list) {
  const n = Math.trunc(Number(list.length)) || 0;
  return n <= 0 ? 0 : Math.min(n, Number.MAX_SAFE_INTEGER);
}
function subject(value, name) {
  if (value === undefined || value === null) throw new TypeError(`Array.prototype.${name} called on null or undefined`);
  return Object(value);
}
/** ArraySpeciesCreate; plain arrays take the short way. */
function create(original, length) {
  if (!Array.isArray(original)) return new Array(length);
  const C = original.constructor;
  if (C === Array) return new Array(length);
  const S = C !== null && typeof C === 'object' ? C[Symbol.species] : typeof C === 'function' ? C[Symbol.species] : C;
  return S === undefined || S === null || S === Array ? new Array(length) : new S(length);
}
function put(target, index, value) {
  Object.defineProperty(target, index, { value, writable: true, enumerable: true, configurable: true });
}

/** Stable merge sort on a plain array; insertion sort below 12 elements. */
function sortList(list, compare) {
  const n = list.length;
  if (n < 2) return list;
  if (n < 12) {
    for (let i = 1; i < n; i++) {
      const item = list[i];
      let j = i - 1;
      while (j >= 0) {
        const order = compare(list[j], item);
        if (!(order > 0)) break;
        list[j + 1] = list[j];
        j--;
      }
      list[j + 1] = item;
    }
    return list;
  }
  const middle = n >> 1;
  const left = sortList(list.slice(0, middle), compare);
  const right = sortList(list.slice(middle), compare);
  let l = 0;
  let r = 0;
  for (let k = 0; k < n; k++) {
    let takeLeft = r >= right.length;
    if (!takeLeft && l < left.length) {
      const order = compare(left[l], right[r]);
      takeLeft = !(order > 0);
    }
    list[k] = takeLeft ? left[l++] : right[r++];
  }
  return list;
}
const nativeSort = Array.prototype.sort;

function guestForEach(self, callback, thisArg) {
  const list = subject(self, 'forEach');
  const n = lengthOf(list);
  check(callback);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    if (value === undefined && !(i in list)) continue;
    if (thisArg === undefined) callback(value, i, list);
    else callback.call(thisArg, value, i, list);
  }
}
function guestMap(self, callback, thisArg) {
  const list = subject(self, 'map');
  const n = lengthOf(list);
  check(callback);
  const out = create(list, n);
  const plain = out.constructor === Array;
  for (let i = 0; i < n; i++) {
    const item = list[i];
    if (item === undefined && !(i in list)) continue;
    const value = thisArg === undefined ? callback(item, i, list) : callback.call(thisArg, item, i, list);
    if (plain) out[i] = value;
    else put(out, i, value);
  }
  return out;
}
function guestFilter(self, callback, thisArg) {
  const list = subject(self, 'filter');
  const n = lengthOf(list);
  check(callback);
  const out = create(list, 0);
  const plain = out.constructor === Array;
  let k = 0;
  for (let i = 0; i < n; i++) {
    const value = list[i];
    if (value === undefined && !(i in list)) continue;
    const keep = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (!keep) continue;
    if (plain) out[k++] = value;
    else put(out, k++, value);
  }
  return out;
}
function guestSome(self, callback, thisArg) {
  const list = subject(self, 'some');
  const n = lengthOf(list);
  check(callback);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    if (value === undefined && !(i in list)) continue;
    const found = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (found) return true;
  }
  return false;
}
function guestEvery(self, callback, thisArg) {
  const list = subject(self, 'every');
  const n = lengthOf(list);
  check(callback);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    if (value === undefined && !(i in list)) continue;
    const holds = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (!holds) return false;
  }
  return true;
}
function guestFind(self, callback, thisArg) {
  const list = subject(self, 'find');
  const n = lengthOf(list);
  check(callback);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (found) return value;
  }
  return undefined;
}
function guestFindIndex(self, callback, thisArg) {
  const list = subject(self, 'findIndex');
  const n = lengthOf(list);
  check(callback);
  for (let i = 0; i < n; i++) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (found) return i;
  }
  return -1;
}
function guestFindLast(self, callback, thisArg) {
  const list = subject(self, 'findLast');
  const n = lengthOf(list);
  check(callback);
  for (let i = n - 1; i >= 0; i--) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (found) return value;
  }
  return undefined;
}
function guestFindLastIndex(self, callback, thisArg) {
  const list = subject(self, 'findLastIndex');
  const n = lengthOf(list);
  check(callback);
  for (let i = n - 1; i >= 0; i--) {
    const value = list[i];
    const found = thisArg === undefined ? callback(value, i, list) : callback.call(thisArg, value, i, list);
    if (found) return i;
  }
  return -1;
}
function guestReduce(self, callback, initial) {
  const list = subject(self, 'reduce');
  const n = lengthOf(list);
  check(callback);
  let i = 0;
  let value;
  if (initial.length > 0) value = initial[0];
  else {
    while (i < n && !(i in list)) i++;
    if (i >= n) throw new TypeError('Reduce of empty array with no initial value');
    value = list[i++];
  }
  for (; i < n; i++) {
    const item = list[i];
    if (item === undefined && !(i in list)) continue;
    value = callback(value, item, i, list);
  }
  return value;
}
function guestReduceRight(self, callback, initial) {
  const list = subject(self, 'reduceRight');
  let i = lengthOf(list) - 1;
  check(callback);
  let value;
  if (initial.length > 0) value = initial[0];
  else {
    while (i >= 0 && !(i in list)) i--;
    if (i < 0) throw new TypeError('Reduce of empty array with no initial value');
    value = list[i--];
  }
  for (; i >= 0; i--) if (i in list) value = callback(value, list[i], i, list);
  return value;
}
function guestFlatMap(self, callback, thisArg) {
  const list = subject(self, 'flatMap');
  const n = lengthOf(list);
  if (typeof callback !== 'function') throw new TypeError('flatMap mapper function is not callable');
  const out = create(list, 0);
  let k = 0;
  for (let i = 0; i < n; i++) {
    if (!(i in list)) continue;
    const value = callback.call(thisArg, list[i], i, list);
    if (Array.isArray(value)) {
      for (let j = 0; j < value.length; j++) if (j in value) put(out, k++, value[j]);
    } else put(out, k++, value);
  }
  return out;
}

define(Array.prototype, {
  forEach(callback, thisArg) {
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
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.map(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined || this.constructor !== Array) return guestMap(this, callback, thisArg);
    const out = new Array(this.length);
    const n = out.length;
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      out[i] = callback(value, i, this);
    }
    return out;
  },
  filter(callback, thisArg) {
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.filter(this, callback);
    if (!isPlain(this, callback) || thisArg !== undefined || this.constructor !== Array)
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
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.findLast(this, callback);
    return guestFindLast(this, callback, thisArg);
  },
  findLastIndex(callback, thisArg) {
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.findLastIndex(this, callback);
    return guestFindLastIndex(this, callback, thisArg);
  },
  reduce(callback, ...initial) {
    if (callback === $$natives.leaf)
      if (initial.length === 1) if (takeLeaf()) return $$natives.reduce(this, callback, initial[0]);
    if (!isPlain(this, callback) || initial.length === 0) return guestReduce(this, callback, initial);
    const n = this.length;
    let sum = initial[0];
    for (let i = 0; i < n; i++) {
      const value = this[i];
      if (value === undefined && !(i in this)) continue;
      sum = callback(sum, value, i, this);
    }
    return sum;
  },
  reduceRight(callback, ...initial) {
    if (callback === $$natives.leaf)
      if (initial.length === 1) if (takeLeaf()) return $$natives.reduceRight(this, callback, initial[0]);
    return guestReduceRight(this, callback, initial);
  },
  flatMap(callback, thisArg) {
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.flatMap(this, callback);
    return guestFlatMap(this, callback, thisArg);
  },
  sort(compare) {
    if (compare === undefined) return nativeSort.call(this);
    if (typeof compare !== 'function') throw new TypeError('The comparison function must be either a function or undefined');
    const list = subject(this, 'sort');
    const n = lengthOf(list);
    const items = [];
    let missing = 0;
    for (let i = 0; i < n; i++) {
      if (!(i in list)) continue;
      const item = list[i];
      if (item === undefined) missing++;
      else items.push(item);
    }
    sortList(items, compare);
    let k = 0;
    for (; k < items.length; k++) list[k] = items[k];
    for (; missing > 0; missing--) list[k++] = undefined;
    for (; k < n; k++) if (k in list) delete list[k];
    return list;
  },
});

define(Map.prototype, {
  forEach(callback, thisArg) {
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.mapForEach(this, callback);
    Map.prototype.has.call(this, undefined);
    check(callback);
    for (const [key, value] of this) callback.call(thisArg, value, key, this);
  },
});
define(Set.prototype, {
  forEach(callback, thisArg) {
    if (callback === $$natives.leaf) if (thisArg === undefined) if (takeLeaf()) return $$natives.setForEach(this, callback);
    Set.prototype.has.call(this, undefined);
    check(callback);
    for (const value of this) callback.call(thisArg, value, value, this);
  },
});

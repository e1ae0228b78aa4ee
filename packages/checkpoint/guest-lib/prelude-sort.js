/**
 * V8's sort in JavaScript (third_party/v8/builtins/array-sort.tq, after Tim Peters' listsort): the same comparisons in the same order, so that
 * a comparator that is inconsistent, or writes down what it is asked, gives what it gives in node. All state is in plain objects and locals.
 */
const minGallopWins = 7;

/** Sorts a plain list of no holes in place. */
export function timSort(list, compare) {
  const n = list.length;
  if (n < 2) return;
  const state = { list, compare, minGallop: minGallopWins, bases: [], lengths: [], size: 0 };
  const shortest = minRunLength(n);
  let low = 0;
  let remaining = n;
  while (remaining > 0) {
    let length = makeRun(list, compare, low, low + remaining);
    if (length < shortest) {
      // biome-ignore lint/complexity/useMathMinMax: Math is the guest's
      const forced = shortest < remaining ? shortest : remaining;
      insertBinary(list, compare, low, low + length, low + forced);
      length = forced;
    }
    state.bases[state.size] = low;
    state.lengths[state.size++] = length;
    mergeCollapse(state);
    low += length;
    remaining -= length;
  }
  while (state.size > 1) {
    let i = state.size - 2;
    if (i > 0 && state.lengths[i - 1] < state.lengths[i + 1]) i--;
    mergeAt(state, i);
  }
}

function minRunLength(length) {
  let n = length;
  let r = 0;
  while (n >= 64) {
    r |= n & 1;
    n >>= 1;
  }
  return n + r;
}

/** The length of the run that begins at `from`; a descending one is turned round. */
function makeRun(list, compare, from, high) {
  const low = from + 1;
  if (low === high) return 1;
  let length = 2;
  let previous = list[low];
  const first = compare(previous, list[from]);
  const isDescending = +first < 0;
  for (let i = low + 1; i < high; i++) {
    const current = list[i];
    const order = compare(current, previous);
    if (isDescending !== +order < 0) break;
    previous = current;
    length++;
  }
  if (isDescending)
    for (let a = from, b = from + length - 1; a < b; a++, b--) {
      const item = list[a];
      list[a] = list[b];
      list[b] = item;
    }
  return length;
}

function insertBinary(list, compare, low, from, high) {
  for (let at = from === low ? from + 1 : from; at < high; at++) {
    let left = low;
    let right = at;
    const pivot = list[right];
    while (left < right) {
      const middle = left + ((right - left) >> 1);
      const order = compare(pivot, list[middle]);
      if (+order < 0) right = middle;
      else left = middle + 1;
    }
    for (let p = at; p > left; p--) list[p] = list[p - 1];
    list[left] = pivot;
  }
}

function isEstablished(lengths, n) {
  return n < 2 || lengths[n - 2] > lengths[n - 1] + lengths[n];
}
function mergeCollapse(state) {
  const { lengths } = state;
  while (state.size > 1) {
    let i = state.size - 2;
    if (!isEstablished(lengths, i + 1) || !isEstablished(lengths, i)) {
      if (lengths[i - 1] < lengths[i + 1]) i--;
    } else if (lengths[i] > lengths[i + 1]) return;
    mergeAt(state, i);
  }
}

function mergeAt(state, i) {
  const { list, bases, lengths } = state;
  let baseA = bases[i];
  let lengthA = lengths[i];
  const baseB = bases[i + 1];
  let lengthB = lengths[i + 1];
  lengths[i] = lengthA + lengthB;
  if (i === state.size - 3) {
    bases[i + 1] = bases[i + 2];
    lengths[i + 1] = lengths[i + 2];
  }
  state.size--;
  const skipped = gallopRight(list, state.compare, list[baseB], baseA, lengthA, 0);
  baseA += skipped;
  lengthA -= skipped;
  if (lengthA === 0) return;
  lengthB = gallopLeft(list, state.compare, list[baseA + lengthA - 1], baseB, lengthB, lengthB - 1);
  if (lengthB === 0) return;
  if (lengthA <= lengthB) mergeLow(state, baseA, lengthA, baseB, lengthB);
  else mergeHigh(state, baseA, lengthA, baseB, lengthB);
}

/** Where `key` belongs, before equal ones. */
function gallopLeft(list, compare, key, base, length, hint) {
  let last = 0;
  let offset = 1;
  const first = compare(list[base + hint], key);
  if (+first < 0) {
    const most = length - hint;
    while (offset < most) {
      const order = compare(list[base + hint + offset], key);
      if (!(+order < 0)) break;
      last = offset;
      offset = offset * 2 + 1;
    }
    if (offset > most) offset = most;
    last += hint;
    offset += hint;
  } else {
    const most = hint + 1;
    while (offset < most) {
      const order = compare(list[base + hint - offset], key);
      if (+order < 0) break;
      last = offset;
      offset = offset * 2 + 1;
    }
    if (offset > most) offset = most;
    const before = last;
    last = hint - offset;
    offset = hint - before;
  }
  last++;
  while (last < offset) {
    const middle = last + ((offset - last) >> 1);
    const order = compare(list[base + middle], key);
    if (+order < 0) last = middle + 1;
    else offset = middle;
  }
  return offset;
}

/** Where `key` belongs, behind equal ones. */
function gallopRight(list, compare, key, base, length, hint) {
  let last = 0;
  let offset = 1;
  const first = compare(key, list[base + hint]);
  if (+first < 0) {
    const most = hint + 1;
    while (offset < most) {
      const order = compare(key, list[base + hint - offset]);
      if (!(+order < 0)) break;
      last = offset;
      offset = offset * 2 + 1;
    }
    if (offset > most) offset = most;
    const before = last;
    last = hint - offset;
    offset = hint - before;
  } else {
    const most = length - hint;
    while (offset < most) {
      const order = compare(key, list[base + hint + offset]);
      if (+order < 0) break;
      last = offset;
      offset = offset * 2 + 1;
    }
    if (offset > most) offset = most;
    last += hint;
    offset += hint;
  }
  last++;
  while (last < offset) {
    const middle = last + ((offset - last) >> 1);
    const order = compare(key, list[base + middle]);
    if (+order < 0) offset = middle;
    else last = middle + 1;
  }
  return offset;
}

function copy(from, source, to, target, n) {
  if (target < source || from !== to) for (let i = 0; i < n; i++) to[target + i] = from[source + i];
  else for (let i = n - 1; i >= 0; i--) to[target + i] = from[source + i];
}

/** Merges two neighbours of which the first is the shorter: it is set aside. */
function mergeLow(state, baseA, countA, baseB, countB) {
  const { list, compare } = state;
  const aside = $$natives.listSlice(list, baseA, baseA + countA);
  let lengthA = countA;
  let lengthB = countB;
  let target = baseA;
  let a = 0;
  let b = baseB;
  list[target++] = list[b++];
  lengthB--;
  let minGallop = state.minGallop;
  merging: while (lengthB > 0 && lengthA > 1) {
    let winsA = 0;
    let winsB = 0;
    for (;;) {
      const order = compare(list[b], aside[a]);
      if (+order < 0) {
        list[target++] = list[b++];
        winsB++;
        winsA = 0;
        if (--lengthB === 0) break merging;
        if (winsB >= minGallop) break;
      } else {
        list[target++] = aside[a++];
        winsA++;
        winsB = 0;
        if (--lengthA === 1) break merging;
        if (winsA >= minGallop) break;
      }
    }
    minGallop++;
    do {
      minGallop = minGallop > 2 ? minGallop - 1 : 1;
      state.minGallop = minGallop;
      winsA = gallopRight(aside, compare, list[b], a, lengthA, 0);
      if (winsA > 0) {
        copy(aside, a, list, target, winsA);
        target += winsA;
        a += winsA;
        lengthA -= winsA;
        if (lengthA <= 1) break merging;
      }
      list[target++] = list[b++];
      if (--lengthB === 0) break merging;
      winsB = gallopLeft(list, compare, aside[a], b, lengthB, 0);
      if (winsB > 0) {
        copy(list, b, list, target, winsB);
        target += winsB;
        b += winsB;
        lengthB -= winsB;
        if (lengthB === 0) break merging;
      }
      list[target++] = aside[a++];
      if (--lengthA === 1) break merging;
    } while (winsA >= minGallopWins || winsB >= minGallopWins);
    minGallop++;
    state.minGallop = minGallop;
  }
  if (lengthB === 0 || lengthA === 0) {
    copy(aside, a, list, target, lengthA);
    return;
  }
  copy(list, b, list, target, lengthB);
  list[target + lengthB] = aside[a];
}

/** Merges two neighbours of which the second is the shorter: it is set aside. */
function mergeHigh(state, baseA, countA, baseB, countB) {
  const { list, compare } = state;
  const aside = $$natives.listSlice(list, baseB, baseB + countB);
  let lengthA = countA;
  let lengthB = countB;
  let target = baseB + countB - 1;
  let a = baseA + countA - 1;
  let b = countB - 1;
  list[target--] = list[a--];
  lengthA--;
  let minGallop = state.minGallop;
  merging: while (lengthA > 0 && lengthB > 1) {
    let winsA = 0;
    let winsB = 0;
    for (;;) {
      const order = compare(aside[b], list[a]);
      if (+order < 0) {
        list[target--] = list[a--];
        winsA++;
        winsB = 0;
        if (--lengthA === 0) break merging;
        if (winsA >= minGallop) break;
      } else {
        list[target--] = aside[b--];
        winsB++;
        winsA = 0;
        if (--lengthB === 1) break merging;
        if (winsB >= minGallop) break;
      }
    }
    minGallop++;
    do {
      minGallop = minGallop > 2 ? minGallop - 1 : 1;
      state.minGallop = minGallop;
      const right = gallopRight(list, compare, aside[b], baseA, lengthA, lengthA - 1);
      winsA = lengthA - right;
      if (winsA > 0) {
        target -= winsA;
        a -= winsA;
        copy(list, a + 1, list, target + 1, winsA);
        lengthA -= winsA;
        if (lengthA === 0) break merging;
      }
      list[target--] = aside[b--];
      if (--lengthB === 1) break merging;
      const left = gallopLeft(aside, compare, list[a], 0, lengthB, lengthB - 1);
      winsB = lengthB - left;
      if (winsB > 0) {
        target -= winsB;
        b -= winsB;
        copy(aside, b + 1, list, target + 1, winsB);
        lengthB -= winsB;
        if (lengthB <= 1) break merging;
      }
      list[target--] = list[a--];
      if (--lengthA === 0) break merging;
    } while (winsA >= minGallopWins || winsB >= minGallopWins);
    minGallop++;
    state.minGallop = minGallop;
  }
  if (lengthA === 0 || lengthB === 0) {
    copy(aside, 0, list, target - (lengthB - 1), lengthB);
    return;
  }
  target -= lengthA;
  a -= lengthA;
  copy(list, a + 1, list, target + 1, lengthA);
  list[target] = aside[b];
}

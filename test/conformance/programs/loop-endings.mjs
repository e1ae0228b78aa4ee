// How for-of ends: its iterator is closed once when a turn throws, breaks, returns or goes on with an outer loop, and never otherwise.
const work = (n) => {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += i * n;
  return sum;
};
const log = [];
function counted(name, limit, { failing = false } = {}) {
  let i = 0;
  return {
    [Symbol.iterator]: () => ({
      next: () => {
        work(i);
        if (failing && i === 1) throw new Error(`${name} fails`);
        return { value: i, done: i++ >= limit };
      },
      return: () => {
        log.push(`${name} closed at ${i}`);
        return {};
      },
    }),
  };
}
function* yielding(name, limit) {
  try {
    for (let i = 0; i < limit; i++) yield work(i);
  } finally {
    log.push(`${name} cleaned`);
  }
}
const attempt = (name, f) => {
  try {
    log.push(`${name}: ${f()}`);
  } catch (error) {
    log.push(`${name}: ${error instanceof TypeError ? error.name : error.message}`);
  }
};
for (const make of [counted, yielding]) {
  const kind = make.name;
  attempt(`${kind} to its end`, () => {
    let sum = 0;
    for (const x of make('whole', 4)) sum += x + work(x);
    return sum;
  });
  attempt(`${kind} throws`, () => {
    for (const x of make('thrown', 4)) if (work(x) > 0) throw new Error(`turn ${x}`);
  });
  attempt(`${kind} binds what is not there`, () => {
    for (const { length } of [null]) return length;
  });
  attempt(`${kind} binds badly`, () => {
    for (const [first] of make('bad', 2)) log.push(first);
  });
  attempt(`${kind} inner breaks`, () => {
    let sum = 0;
    for (const x of make('outer', 3)) {
      for (const y of make('inner', 5)) {
        if (y > 3) break;
        sum += y;
      }
      switch (x) {
        case 1:
          continue;
        default:
          break;
      }
      here: {
        if (x === 0) break here;
        sum += 100;
      }
      sum += work(x);
    }
    return sum;
  });
  attempt(`${kind} goes on outside`, () => {
    let sum = 0;
    next: for (const x of make('labelled', 3)) {
      for (const y of make('left', 4)) {
        sum += work(y);
        if (y >= x) continue next;
      }
    }
    return sum;
  });
  attempt(`${kind} returns`, () => {
    for (const x of make('returned', 5)) if (x > 1) return work(x);
  });
  attempt(`${kind} with closures`, () => {
    const fs = [];
    for (const x of make('kept', 3)) fs.push(() => x + work(1));
    return fs.map((f) => f()).join();
  });
}
attempt('next throws', () => {
  for (const x of counted('failing', 3, { failing: true })) log.push(x);
});
function* sums() {
  for (const x of counted('by return', 9)) yield x;
}
const generator = sums();
generator.next();
log.push(generator.return(5).value);
async function awaiting() {
  for (const x of counted('awaited', 3)) {
    await null;
    if (work(x) > 3) throw new Error('rejected');
  }
}
await awaiting().catch((error) => log.push(error.message));
console.log(log.join('\n'));

// Deep stacks of hot functions whose callees V8's optimised code has let go of by the time they run: locals, receivers, entries of tables that
// change during the call, properties that are getters, classes. Among them natives that make something of what they call.
let seed = 7;
const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;

function makeChecker() {
  let calls = 0;
  let current = (node, depth) => check(node, depth);
  const helper = (node, depth) => {
    calls++;
    return viaLocal(node, depth);
  };
  function check(node, depth) {
    if (depth === 0) return spin(node.value);
    return helper(node, depth - 1) + 1;
  }
  function viaLocal(node, depth) {
    const pick = depth % 2 ? viaMethod : viaTable;
    return pick(node, depth);
  }
  function viaMethod(node, depth) {
    const receiver = node.owner();
    return receiver.descend(node, depth);
  }
  function viaTable(node, depth) {
    const table = [enter, leave];
    return step(table, node, depth);
  }
  // Its own entry is another function's by the time it runs.
  function step(table, node, depth) {
    return table[0](table, node, depth);
  }
  function enter(table, node, depth) {
    table[0] = table[1];
    return viaNamespace(node, depth);
  }
  function leave() {
    return -1;
  }
  function viaNamespace(node, depth) {
    return namespace.again(node, depth);
  }
  const namespace = {};
  Object.defineProperty(namespace, 'again', { enumerable: true, get: () => again });
  function again(node, depth) {
    const Made = depth % 3 ? Visit : OtherVisit;
    return new Made(node, depth).result;
  }
  class Visit {
    constructor(node, depth) {
      this.result = current(node, depth);
    }
  }
  class OtherVisit {
    constructor(node, depth) {
      this.result = check(node, depth);
    }
  }
  const [straight, around] = [current, (node, depth) => straight(node, depth)];
  const swap = () => {
    current = current === straight ? around : straight;
  };
  return { run: (node, depth) => current(node, depth), calls: () => calls, swap };
}

function spin(value) {
  let sum = value;
  for (let i = 0; i < 400; i++) sum = (sum * 31 + i) % 65521;
  return sum;
}

class Tree {
  constructor(value) {
    this.value = value;
    this.kids = [];
  }
  owner() {
    return this.parent ?? this;
  }
  descend(node, depth) {
    return this.checker.run(node, depth);
  }
}
Tree.prototype.checker = makeChecker();

const root = new Tree(1);
for (let i = 0; i < 40; i++) {
  const tree = new Tree(i * 7);
  tree.parent = i % 3 ? root : undefined;
  root.kids.push(tree);
}

// Natives without a frame in optimised code, and what they call: what that answers is not what they answer.
const asked = new Proxy({}, { has: (_target, key) => spin(key.length) % 3 });
const prototypes = new Proxy({}, { getPrototypeOf: () => (spin(3) ? Tree.prototype : null) });
const text = { toString: () => `${spin(5) % 90}px` };
const number = { valueOf: () => spin(9) % 7 };
function natives() {
  const reflect = Reflect;
  const parse = parseInt;
  const { call } = Function.prototype;
  const numeric = Number;
  return [
    reflect.has(asked, 'abc'),
    Tree.prototype.isPrototypeOf(prototypes),
    parse(text),
    numeric(number),
    call.call(spin, undefined, 4),
    reflect.apply(spin, undefined, [5]),
    spin.bind(undefined, 6)(),
    reflect.construct(Tree, [7]).value,
    [3, 1, 2].map((x) => spin(x) % 5).join(),
    [3, 1, 2].sort((a, b) => (spin(a) > spin(b) ? 1 : -1)).join(),
  ].join(' ');
}

class Lazy {
  // The getter gives way to what it made, while it runs.
  get method() {
    const made = () => spin(11);
    Object.defineProperty(this, 'method', { value: made, configurable: true });
    spin(12);
    return made;
  }
  // And a method that does.
  once() {
    this.once = () => 'again';
    return spin(13);
  }
}

const lines = new Map();
for (let round = 0; round < 30_000; round++) {
  const node = root.kids[Math.floor(random() * 40)];
  const lazy = new Lazy();
  const line = `${node.checker.run(node, 30)} ${natives()} ${lazy.method()} ${lazy.method()} ${lazy.once()} ${lazy.once()}`;
  lines.set(line, (lines.get(line) ?? 0) + 1);
  if (round % 16 === 0) node.checker.swap();
}
for (const [line, count] of lines) console.log(count, line);
console.log(root.checker.calls());

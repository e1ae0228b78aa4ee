/** What V8's messages say of objects that are no functions, also where nothing has looked at them since a move. */
class Unused {
  field = 1;
}
const calls = {
  map: (value) => [1].map(value),
  filter: (value) => [1].filter(value),
  forEach: (value) => [1].forEach(value),
  some: (value) => [1].some(value),
  every: (value) => [1].every(value),
  find: (value) => [1].find(value),
  findIndex: (value) => [1].findIndex(value),
  findLast: (value) => [1].findLast(value),
  findLastIndex: (value) => [1].findLastIndex(value),
  reduce: (value) => [1, 2].reduce(value),
  reduceRight: (value) => [1, 2].reduceRight(value),
  flatMap: (value) => [1].flatMap(value),
  sort: (value) => [1, 2].sort(value),
  toSorted: (value) => [1, 2].toSorted(value),
  from: (value) => Array.from([1], value),
  mapForEach: (value) => new Map([[1, 2]]).forEach(value),
  setForEach: (value) => new Set([1]).forEach(value),
  receiver: (value) => Map.prototype.forEach.call(value, () => 1),
};
const names = Object.keys(calls);
const plain = names.map((_, i) => ({ i }));
const instances = names.map(() => new Unused());

for (let i = 0; i < names.length; i++) {
  for (const values of [plain, instances]) {
    try {
      calls[names[i]](values[i]);
      console.log(names[i], 'took it');
    } catch (error) {
      console.log(names[i], error.message);
    }
  }
}

// Of classes without a name of their own, too.
const made = { Inner: class {} };
const member = {};
member.Member = class {};
const nameless = (() => class {})();
const Named = class Other {};
const OfItsOwn = class {
  static name = 'own';
};
for (const value of [new made.Inner(), new member.Member(), new nameless(), new Named(), new OfItsOwn()]) {
  try {
    [1].map(value);
  } catch (error) {
    console.log(error.message);
  }
}
console.log(Object.getOwnPropertyNames(nameless), nameless.name, made.Inner.name);

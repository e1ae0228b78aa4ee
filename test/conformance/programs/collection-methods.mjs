// Methods of Maps and Sets called as functions, with collections that nothing has looked into since the program was moved.
const step = () => {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += i;
  return sum;
};
const stored = { maps: [], sets: [] };
for (let i = 0; i < 12; i++) {
  stored.maps.push(new Map([...'abc'].map((key, at) => [key, { v: at + i }])));
  stored.sets.push(new Set('abcd'));
}
const got = [];
step();
const { maps, sets } = stored;
got.push(Map.prototype.get.call(maps[0], 'b').v);
step();
got.push(Function.prototype.call.bind(Map.prototype.has)(maps[1], 'c'));
step();
const has = Set.prototype.has;
step();
got.push(has.call(sets[0], 'c'), Reflect.apply(has, sets[1], ['z']));
step();
got.push([...Map.prototype.entries.call(maps[2])].length, [...Set.prototype[Symbol.iterator].call(sets[2])].join(''));
step();
got.push(Object.getPrototypeOf(maps[3]) === Map.prototype, Object.getOwnPropertyDescriptor(Map.prototype, 'size').get.call(maps[4]));
step();
Map.prototype.delete.call(maps[5], 'a');
got.push([...maps[5].keys()].join(''));
step();
const kept = { get: Map.prototype.get, add: Set.prototype.add };
step();
got.push(kept.get === Map.prototype.get, kept.get.name, String(kept.add), kept.get.call(maps[6], 'a').v, kept.add.call(sets[3], 'e').size);
step();
const { forEach } = Map.prototype;
forEach.call(maps[7], (value, key) => got.push(key + value.v));
step();
got.push(maps[8].size, sets[4].size, maps[9].get('c').v);
const expected = [1, true, true, false, 3, 'abcd', true, 3, 'bc', true, 'get', 'function add() { [native code] }', 6, 5];
expected.push('a7', 'b8', 'c9', 3, 4, 11);
if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(got)}\ninstead of ${JSON.stringify(expected)}`);
console.log('right');

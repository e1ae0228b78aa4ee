// Loops over Maps and Sets that wait between their steps, while the collections are used by others: where the loops stand must hold when they come late.
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const map = new Map(Array.from({ length: 12 }, (_, i) => [i, { text: `entry ${i}` }]));
const set = new Set(map.keys());
const seen = [];

async function walk(name, ms) {
  for (const [key, { text }] of map) {
    seen.push(`${name} ${key} ${text}`);
    for (let i = 0; i < ms; i++) await turn();
  }
}

async function keys(name) {
  for (const key of map.keys()) {
    seen.push(`${name} ${key}`);
    await turn();
  }
}

function* values() {
  for (const value of set) yield value;
}

function* delegated() {
  yield* map.values();
}

async function asynchronously(name) {
  for await (const value of set) {
    seen.push(`${name} ${value}`);
    await turn();
  }
}

// Far from the stack, behind plain objects.
const state = { tasks: [{ generators: [values(), delegated()] }], promises: [] };
state.promises.push({ task: walk('a', 1) }, { task: walk('b', 2) }, { task: keys('c') }, { task: asynchronously('d') });

for (let i = 0; i < 10; i++) {
  await turn();
  map.delete(i);
  map.set(i + 100, { text: `late ${i}` });
  if (i % 3 === 0) set.delete(i + 1);
  set.add(200 + i);
  const [first, second] = state.tasks[0].generators;
  if (i % 2) seen.push(`e ${first.next().value}`, `f ${second.next().value?.text}`);
}
for (const { task } of state.promises) await task;
for (const generator of state.tasks[0].generators)
  for (const value of generator) seen.push(`rest ${typeof value === 'number' ? value : value.text}`);
console.log(seen.join('\n'));

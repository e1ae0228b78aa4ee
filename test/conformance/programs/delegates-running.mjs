// Generators that run inside the yield* of others, as effects are run by some libraries: captured inside, again and again.
let turns = 0;
function* innermost(value) {
  for (let i = 0; i < 3; i++) turns += i;
  const received = yield value;
  for (let i = 0; i < 2; i++) turns += i;
  return received;
}
function* inner(value) {
  const first = yield* innermost(value);
  if (first === null) return null;
  return [first, yield* innermost(`${value}!`)];
}
const outer = function* (a, b) {
  let all = yield* inner(a);
  all = all.concat(yield* inner(b));
  return all.concat((yield* inner(`${a}${b}`)) ?? []);
};
function run(generator) {
  const seen = [];
  let result = generator.next();
  while (!result.done) {
    seen.push(result.value);
    result = generator.next(seen.length);
  }
  return [seen.join(), result.value.flat().join()];
}
console.log(run(outer('a', 'b')), turns);
const left = outer('c', 'd');
for (const value of left) {
  console.log(value, turns);
  if (value === 'c!') break;
}
console.log(left.next().done, turns);

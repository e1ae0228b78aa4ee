// Deep and wide recursion: Ackermann, towers of Hanoi, permutations, a recursive descent over nested lists.
const size = Number(process.argv[2] ?? 8);
const ackermann = (m, n) => (m === 0 ? n + 1 : n === 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)));
let moves = 0;
function hanoi(n, from, to, by) {
  if (n === 0) return;
  hanoi(n - 1, from, by, to);
  moves = (moves * 3 + from + to) % 1000003;
  hanoi(n - 1, by, to, from);
}
function permute(items, chosen, visit) {
  if (items.length === 0) return visit(chosen);
  let sum = 0;
  for (let i = 0; i < items.length; i++)
    sum += permute([...items.slice(0, i), ...items.slice(i + 1)], [...chosen, items[i]], visit);
  return sum;
}
const nest = (depth) => (depth === 0 ? 1 : [nest(depth - 1), depth, nest(depth - 1)]);
const sumOf = (list) => (typeof list === 'number' ? list : list.reduce((sum, item) => sum + sumOf(item), 0));
const even = (n) => n === 0 || odd(n - 1);
const odd = (n) => n !== 0 && even(n - 1);
for (let round = 0; round < size; round++) {
  console.log(ackermann(2, 300 + round), even(3000 + round));
  hanoi(17, 1, 3, 2);
  console.log(
    moves,
    permute([1, 2, 3, 4, 5, 6, 7, 8].slice(0, 7 + (round % 2)), [], (p) => p[0] * p.at(-1)),
  );
  console.log(sumOf(nest(12)));
}

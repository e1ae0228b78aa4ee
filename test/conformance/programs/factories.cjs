// Functions whose first statement makes another function, called where no frame is below them (timers, promise jobs).
const adder = (a) => (b) => {
  let sum = 0;
  for (let i = 0; i < b; i++) sum += a;
  return sum;
};
const delayed = (list, a) => () => {
  const f = adder(a);
  list.push(f(3), ((x) => ((y) => x + y)(1))(a));
};
function counter() {
  let n = 0;
  return () => ++n;
}
const results = [];
for (let i = 0; i < 8; i++) {
  setTimeout(delayed(results, i), i % 3);
  Promise.resolve(i).then(delayed(results, i));
}
const count = counter();
const tick = () => {
  if (count() < 20) setImmediate(tick);
  else setTimeout(end, 20);
};
tick();
function end() {
  results.sort((a, b) => a - b);
  let total = 0;
  for (let i = 0; i < 50; i++) total = (total + i) % 1000;
  console.log(results.join(), total, count());
}

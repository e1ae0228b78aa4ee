// What stands at the top of a CommonJS module is in a function: its `this`, `let` and `const`.
function count(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
}
const first = this;
exports.before = count(3);
module.exports = { after: count(4) };
console.log(this === first, Object.keys(this));
const show = () => [typeof this, count(5)];
console.log(show());
let late = count(6);
if (late > 3) {
  console.log(late);
  return;
}
console.log('not reached');

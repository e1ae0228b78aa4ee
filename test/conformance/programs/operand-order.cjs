// Operands are read from left to right, whatever the calls behind them change.
function turn(value) {
  for (let i = 0; i < 2; i++) turn.count++;
  return value;
}
turn.count = 0;

function order() {
  const box = { n: 1 };
  let local = 2;
  const change = (value) => {
    box.n = turn(value);
    local += value;
    return value;
  };
  const list = [box.n, local, change(5), box.n, local];
  const text = `${box.n} ${local} ${change(6)} ${box.n} ${local}`;
  const sum = box.n + local * change(7) + box.n * local;
  const [first, second] = [box, change(8)];
  first[box.n + local] = change(9) + box.n;
  return [list.join(), text, sum, second, Object.keys(box).join()];
}

console.log(order());
console.log(turn.count);

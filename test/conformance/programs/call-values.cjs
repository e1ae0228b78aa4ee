// What a call brings along, asked for after another call.
function turn(value) {
  for (let i = 0; i < 3; i++) turn.count++;
  return value;
}
turn.count = 0;

function given(a) {
  turn(a);
  return [arguments.length, arguments[1], a];
}
function Made() {
  turn(1);
  this.isMade = new.target === Made;
}
const holder = {
  own: 7,
  read() {
    turn(1);
    return this.own;
  },
};

console.log(given('first', 'second'), given('one', 'two', 'three'));
console.log(new Made().isMade, new Made().isMade);
console.log(holder.read(), turn.count);

// Captured variables that are named like members of every object.
function turn(value) {
  for (let i = 0; i < 3; i++) turn.count++;
  return value;
}
turn.count = 0;

function names(constructor, toString) {
  let hasOwnProperty = 1;
  const valueOf = () => [constructor, toString, (hasOwnProperty += turn(1))];
  turn(2);
  return valueOf;
}

const valueOf = names('made', 'text');
console.log(valueOf(), valueOf(), turn.count);

// Without calls a finally is V8's own, and how its try ended is out of sight: what is stopped in there is put off.
let count = 0;
function returned() {
  try {
    return 'returned';
  } finally {
    for (let i = 0; i < 5; i++) count += i;
  }
}
function thrown() {
  try {
    throw 'thrown';
  } finally {
    for (let i = 0; i < 5; i++) count += i;
  }
}
console.log(returned());
try {
  thrown();
} catch (error) {
  console.log(error);
}
for (let i = 0; i < 5; i++) count += i;
console.log(count);

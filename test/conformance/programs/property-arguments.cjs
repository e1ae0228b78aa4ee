// A property called `arguments` is not the variable: parameters that are assigned beside one share nothing.
const tick = (value) => value;
function wait(turns) {
  let sum = 0;
  for (let i = 0; i < turns; i++) sum = tick(sum + i);
  return sum;
}
const module_ = { arguments: [3], method: { arguments: 2 } };
function run(a) {
  a = a || module_.arguments;
  const waited = wait(3);
  a = [...a, module_.method.arguments++, waited];
  module_.arguments = a;
  return wait(2) + a.length;
}
function made(a) {
  a = tick(a) + 1;
  const given = { arguments: a, inner: { arguments() { return tick(a); } } };
  const { arguments: taken } = given;
  wait(2);
  return [taken, given.inner.arguments(), given['arguments'], module_?.arguments.length];
}
function both(a) {
  wait(2);
  return [arguments.length, module_.arguments.length, tick(a)];
}
console.log(run(), run([1]), made(4), both(1, 2), module_);

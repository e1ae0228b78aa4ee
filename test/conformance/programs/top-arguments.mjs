// At the top of an ES module `arguments` is no name of the module's.
console.log(typeof arguments, [0].map(() => typeof arguments), typeof (() => arguments));
try {
  console.log(arguments.length);
} catch (error) {
  console.log(String(error));
}
const of = (action) => {
  try {
    return action();
  } catch (error) {
    return error.message;
  }
};
console.log(of(() => arguments), of(() => [1, 2].map(() => arguments[0])), of(function () { return arguments.length; }));
globalThis.arguments = 5;
console.log(arguments, typeof arguments, of(() => arguments + 1));
delete globalThis.arguments;
console.log(of(() => arguments));

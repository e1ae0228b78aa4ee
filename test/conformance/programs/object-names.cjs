// Variables called like what every object has: locals, captured ones, parameters, of generators and of async functions.
function plain(n) {
  let constructor = n;
  let toString = 1;
  const valueOf = 'v';
  for (let hasOwnProperty = 0; hasOwnProperty < n; hasOwnProperty++) {
    constructor += hasOwnProperty;
    toString *= 3;
  }
  return `${constructor} ${toString} ${valueOf}`;
}
function captured(constructor, toString) {
  let isPrototypeOf = 0;
  const valueOf = () => (isPrototypeOf += constructor);
  for (let i = 0; i < 3; i++) toString += valueOf();
  return [toString, isPrototypeOf, valueOf.name];
}
function* generator(constructor) {
  for (let toString = 0; toString < 3; toString++) yield toString + constructor;
}
async function waiting(constructor) {
  let toLocaleString = 0;
  for (let i = 0; i < 3; i++) toLocaleString += await constructor;
  return toLocaleString;
}
function called(toString) {
  function valueOf(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += i;
    return sum;
  }
  return toString + valueOf(3) + valueOf(2);
}
class Point {
  constructor(constructor) {
    this.x = constructor;
    for (let toString = 0; toString < 2; toString++) this.x += constructor + toString;
  }
}
console.log(plain(4), captured(2, 10), [...generator(5)], called(1), new Point(3));
waiting(2).then(console.log);

// A global under a symbol that Node also uses, with an object of the program's own.
class Dispatcher {
  #calls = 0;
  dispatch(n) {
    for (let i = 0; i < n; i++) this.#calls++;
    return this.#calls;
  }
}
globalThis[Symbol.for('undici.globalDispatcher.1')] = new Dispatcher();
console.log(globalThis[Symbol.for('undici.globalDispatcher.1')].dispatch(3), globalThis[Symbol.for('undici.globalDispatcher.1')].dispatch(2));

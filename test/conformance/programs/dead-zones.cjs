// Variables that closures capture are checked until they are initialised, also after a move; what a class's static code sees of its class.
function spin(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
}
const log = [];
const tried = (f) => {
  spin(2);
  try {
    log.push(f());
  } catch (error) {
    log.push(`${error.name}: ${error.message}`);
  }
};
function outer(n) {
  tried(() => x);
  tried(() => typeof x);
  tried(() => {
    x = spin(3);
  });
  tried(() => {
    x += 1;
  });
  tried(() => x++);
  spin(3);
  let x = n;
  tried(() => {
    x += 1;
    return x;
  });
  function hoisted() {
    spin(2);
    return later;
  }
  tried(hoisted);
  const later = spin(4);
  tried(hoisted);
  const even = (k) => (k === 0 ? true : odd(k - 1));
  const odd = (k) => (k === 0 ? false : even(k - 1));
  tried(() => even(7));
  for (let i = 0; i < 2; i++) {
    const read = () => y;
    tried(read);
    let y = i;
    tried(read);
    y += spin(2);
    tried(read);
  }
  tried(() => D.z);
  class D {
    static z = D.name + (() => D.name)();
    static made = new D();
    static count = spin(3);
    get() {
      return D.count;
    }
  }
  tried(() => D.z + D.made.get());
}
tried(() => top);
tried(declared);
let top = spin(3);
function declared() {
  return top;
}
tried(declared);
tried(() => outer(1));
console.log(log.join('\n'));

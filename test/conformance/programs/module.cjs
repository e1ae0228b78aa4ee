// What Node gives a CommonJS module stays the same objects over moves: module, exports, this; functions that run keep null callers.
const first = exports;
exports.kept = { deep: true };
module.tag = 'mine';
const held = { module, exports };
let checks = 0;
const check = (ok, what) => {
  checks++;
  if (!ok) throw new Error(what);
};
function sloppy(n) {
  check(this === globalThis, 'this of a sloppy call');
  return n === 0 ? 0 : 1 + sloppy(n - 1);
}
function rounds(n) {
  for (let i = 0; i < n; i++) {
    check(exports === first, 'exports');
    check(held.exports === exports && held.module === module, 'held');
    check(module.tag === 'mine' && module.exports.kept.deep, 'content');
    check(sloppy(5) === 5, 'recursion');
    if (i % 5 === 0) check(Object.getOwnPropertyDescriptor(sloppy, 'caller').value === null, 'caller');
  }
}
rounds(12);
check(this === first && this === module.exports, "this");
exports = module.exports = { replaced: 1 };
for (let i = 0; i < 20; i++) if (exports !== module.exports || exports.replaced !== 1) throw new Error('replaced');
console.log('ok', checks, Object.keys(first).join());

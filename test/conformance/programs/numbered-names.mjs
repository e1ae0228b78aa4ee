// Variables of one name in functions that run once, and inner functions with variables called as the compiler would call the second: a$1.
const first = (function () {
  const a = ['first'];
  return (n) => a[0] + n;
})();
const second = (function () {
  const a = ['second'];
  return (n) => {
    const a$1 = { inner: a, n };
    const a$2 = () => a;
    let all = '';
    for (let i = 0; i < n; i++) all += a$1.inner[0] + a$2()[0] + i;
    return all;
  };
})();
const third = (function () {
  const a = ['third'];
  return (n) => {
    for (let a$2 = 0; a$2 < n; a$2++) a.push(a$2);
    return a.length;
  };
})();
console.log(first(3), second(4), third(5));

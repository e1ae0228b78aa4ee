// Proxies that can be revoked, before and after moves; the functions that revoke them, kept or thrown away.
const log = [];
const handler = { get: (target, key) => (log.push(String(key)), target[key]) };
const { proxy, revoke } = Proxy.revocable({ a: 1, list: [1, 2] }, handler);
const early = Proxy.revocable(function called() { return 5; }, {});
early.revoke();
const others = Array.from({ length: 4 }, (_, n) => Proxy.revocable([n], {}));
function use(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += proxy.a + others[i % 4].proxy[0];
  return sum;
}
const attempt = (action) => {
  try { return action(); } catch (error) { return `${error.name}: ${error.message}`; }
};
console.log(use(6), typeof early.proxy, attempt(() => early.proxy()), revoke.length, revoke.name);
others[1].revoke();
console.log(attempt(() => use(6)), others[0].proxy[0], Array.isArray(others[2].proxy));
for (const { revoke } of others) console.log(revoke(), revoke());
revoke();
console.log(attempt(() => proxy.a), attempt(() => Object.keys(others[3].proxy)), log.length, typeof proxy, typeof early.proxy);
console.log(attempt(() => Proxy.revocable(1, {})), Proxy.revocable.length, Proxy.revocable.name);

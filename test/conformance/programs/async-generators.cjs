// Parameters of an async generator are bound when it is called; the body waits for the first next().
const log = [];
const one = () => 1;
async function* range(from = one(), { to = from + 3, by: [step] = [one()] } = {}) {
  log.push(`begun ${from} ${to} ${step}`);
  try {
    for (let i = from; i < to; i += step) yield i;
  } finally {
    log.push('closed');
  }
}
const wrong = [async function* ({ a: { b } } = { a: null }) {}, async function* (a = b, b) {}, async function* ([x] = 1) {}];
async function collect(g) {
  const list = [];
  for await (const x of g) {
    list.push(x);
    if (x > 4) break;
  }
  return list.join();
}
(async () => {
  for (const f of wrong)
    try {
      f();
      log.push('no error');
    } catch (error) {
      log.push(error.constructor.name);
    }
  const first = range();
  const second = range(3, { to: 9, by: [2] });
  log.push('made');
  log.push(await collect(second), await collect(first));
  const unused = range(1, {});
  log.push(JSON.stringify(await unused.return('r')), JSON.stringify(await unused.next()));
  console.log(log.join('\n'));
})();

// Rejections that nobody handles are told of, and told of again when somebody does later, across moves in between.
const work = (n) => {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += i * n;
  return sum;
};
const told = new Map();
process.on('unhandledRejection', (error, promise) => {
  told.set(promise, error.message);
  console.log('unhandled', error.message, work(1));
});
process.on('rejectionHandled', (promise) => console.log('handled later', told.get(promise), work(2)));
const fail = async (name, turns) => {
  for (let i = 0; i < turns; i++) await work(i);
  throw new Error(name);
};
const first = fail('first', 2);
const second = Promise.reject(new Error('second'));
const never = Promise.reject(new Error('never'));
await new Promise((resolve) => setTimeout(resolve, 5));
work(3);
first.catch((error) => console.log('caught', error.message));
first.catch((error) => console.log('caught again', error.message));
process.nextTick(() => console.log('tick'));
await new Promise((resolve) => setImmediate(resolve));
for (let i = 0; i < 4; i++) work(i);
try {
  await second;
} catch (error) {
  console.log('awaited', error.message);
}
const soon = fail('soon', 1);
await Promise.allSettled([soon]);
await new Promise((resolve) => setTimeout(resolve, 5));
console.log(told.size, told.has(never), told.has(soon));

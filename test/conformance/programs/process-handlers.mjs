// Handlers that the runtime calls between activities: nothing of an image says what comes after them, so they are put off.
function work(label) {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += i;
  console.log(label, sum);
}
process.on('uncaughtException', (error) => work(`uncaught ${error.message}`));
process.on('unhandledRejection', (reason) => work(`unhandled ${reason}`));
process.once('beforeExit', () => {
  work('before exit');
  setTimeout(() => work('a timer more'), 1);
});
process.on('exit', (code) => work(`exit ${code}`));
setTimeout(() => {
  work('timer');
  Promise.reject('nobody listens');
  throw new Error('thrown');
}, 1);
work('main');

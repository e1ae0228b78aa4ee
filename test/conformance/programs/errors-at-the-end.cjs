// What the runtime calls of the guest outside of any activity (listeners for errors and for the exit) waits with a capture until it is over.
let n = 0;
const f = (x) => { n++; return x; };
process.on('exit', (code) => { for (let i = 0; i < 3; i++) f(i); console.log('exit', code, n); });
process.on('uncaughtException', (error, origin) => { for (let i = 0; i < 3; i++) f(i); console.log(error.message, origin, n); });
process.on('unhandledRejection', (error) => { for (let i = 0; i < 3; i++) f(i); console.log(error.message, n); });
setTimeout(() => { f(1); throw new Error('late'); }, 5);
Promise.reject(new Error('nobody'));
for (let i = 0; i < 5; i++) f(i);
throw new Error('boom');

// node:events: every small program of the unit test, then long listeners, once wrappers and iterators that outlive moves.
import EventEmitter, { on, once } from 'node:events';
import { inspect } from 'node:util';
import { programs } from '../../../packages/runtime/test/guest-lib/emitter-programs.mjs';

function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
const values = (list) => list.map((value) => inspect(value, { depth: 6 })).join(' ');
for (const [name, program] of Object.entries(programs)) {
  console.log(`- ${name}`);
  await program(EventEmitter, (...list) => console.log(values(list)));
}
try {
  new EventEmitter().on('a', 5);
} catch (error) {
  console.log(error.stack.split('\n')[0]);
}

class Worker extends EventEmitter {
  #done = 0;
  work(n) {
    this.emit('begin', n);
    const h = spin(n);
    this.emit('end', h, ++this.#done);
    return this;
  }
}
const worker = new Worker();
const raw = [];
worker.on('begin', function (n) { console.log('begin', n, this === worker, spin(2e7)); });
for (let i = 0; i < 5; i++) worker.once('end', (h, done) => { console.log('once', i, h, done, spin(1e7)); });
worker.prependListener('end', (h, done) => {
  console.log('end', done, worker.listenerCount('end'));
  if (done < 6) worker.emit('nested', done);
});
worker.on('nested', (done) => { for (let i = 0; i < 3; i++) console.log('nested', done, i, spin(1e7)); });
for (let i = 0; i < 6; i++) worker.work(1e7);
const late = once(worker, 'late');
const iterator = on(worker, 'tick', { close: ['close'] });
let ticks = 0;
const timer = setInterval(() => {
  worker.emit('tick', ++ticks, spin(1e7));
  if (ticks === 8) { clearInterval(timer); worker.emit('late', 'at last'); worker.emit('close'); }
}, 20);
for await (const [n, h] of iterator) console.log('tick', n, h, spin(5e6));
console.log(await late, worker.eventNames());
console.log(inspect(worker));

// node:stream and stream/promises: pipelines, transforms, backpressure, object mode, iteration, errors, spinning inside callbacks.
import { Duplex, PassThrough, Readable, Transform, Writable, finished, pipeline } from 'node:stream';
import * as streams from 'node:stream/promises';
import { createHash } from 'node:crypto';

function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
const fnv = (bytes, h = 0x811c9dc5) => { for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i], 0x01000193); return h >>> 0; };

class Numbers extends Readable {
  #next = 0;
  constructor(count, options) { super(options); this.count = count; }
  _read(size) {
    const bytes = Buffer.alloc(Math.min(size, 5000));
    for (let i = 0; i < bytes.length; i++) bytes[i] = (this.#next * 7 + i) & 255;
    this.push(++this.#next > this.count ? null : bytes);
  }
}
class Mix extends Transform {
  _transform(chunk, encoding, callback) {
    const h = spin(3e6);
    const out = Buffer.from(chunk);
    for (let i = 0; i < out.length; i++) out[i] ^= h & 255;
    if (out.length % 2) setTimeout(callback, 1, null, out); else callback(null, out);
  }
  _flush(callback) { this.push(Buffer.from('the end')); callback(); }
}
class Sum extends Writable {
  total = 0x811c9dc5; bytes = 0;
  _write(chunk, encoding, callback) {
    this.total = fnv(chunk, this.total); this.bytes += chunk.length;
    if (this.bytes % 3 === 0) setImmediate(callback); else callback();
  }
  _final(callback) { console.log('final', this.bytes); callback(); }
}
const sum = new Sum({ highWaterMark: 3000 });
await streams.pipeline(new Numbers(40, { highWaterMark: 7001 }), new Mix(), new PassThrough(), sum);
console.log(sum.total, sum.bytes, sum.writableFinished, sum.destroyed);

const lines = Readable.from(['a\nb', 'c\n', 'dé', '\nf'], { encoding: 'utf8' });
for await (const piece of lines) console.log(JSON.stringify(piece), spin(1e7));
console.log(await Readable.from([1, 2, 3, 4]).map(async (x) => { spin(1e7); return x * 2; }).filter((x) => x > 2).toArray());

const objects = new Transform({ objectMode: true, transform(x, _, cb) { cb(null, { ...x, h: spin(2e6) }); } });
(async () => { for (let i = 0; i < 30; i++) if (!objects.write({ i })) await new Promise((r) => objects.once('drain', r)); objects.end(); })();
let count = 0;
for await (const o of objects) { count += o.i; spin(1e6); }
console.log('objects', count);

pipeline(new Numbers(3), new Transform({ transform(c, e, cb) { cb(new Error('broken')); } }), new Sum(), (error) => console.log('pipeline', error?.message));
const d = new Duplex({ read() {}, write(c, e, cb) { this.push(c); cb(); }, final(cb) { this.push(null); cb(); } });
finished(d, (error) => console.log('finished', error?.message));
d.setEncoding('utf8');
d.write(Buffer.from([0xe2, 0x82])); d.write(Buffer.from([0xac])); d.end('!');
let text = ''; for await (const s of d) { text += s; spin(5e6); }
console.log(text);
const slow = new Readable({ read() {} });
setTimeout(() => { slow.push('late'); slow.push(null); }, 120);
console.log(String(await slow.toArray()), spin(1e7));
const r = new Readable({ read() { this.destroy(new Error('gone')); } });
r.on('error', (e) => console.log('error', e.message)).on('close', () => console.log('closed')).resume();
console.log(process.stdout.write('') , r instanceof Readable, new PassThrough() instanceof Transform, {} instanceof Writable);

console.log(new PassThrough().readableHighWaterMark, createHash('sha1').update('x').digest('hex'));

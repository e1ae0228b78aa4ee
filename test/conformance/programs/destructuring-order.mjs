import assert from 'node:assert';
const log = [];
const say = (x, v = x) => { log.push(x); return v; };
const target = {};
function* gen() { try { yield say('y1'); yield undefined; yield 3; yield 4; } finally { say('closed'); } }
({ [say('k')]: say('t', target).x = say('d'), ...say('t2', target).rest } = { k: undefined, z: 1 });
[say('t3', target).a, say('t4', target)[say('key')] = say('d2')] = gen();
assert.deepEqual(log.splice(0), ['k','t','d','t2','t3','y1','t4','key','d2','closed']);
assert.deepEqual(target, { x: 'd', rest: { z: 1 }, a: 'y1', key: 'd2' });
const boom = { get it() { throw new Error('boom'); } };
assert.throws(() => { [boom.it.x, say('never', target).z] = gen(); }, /boom/);
assert.deepEqual(log.splice(0), []);   // not started, return on fresh generator
assert.throws(() => { const [a, b = (() => { throw new Error('d'); })()] = gen(); }, /d/);
assert.deepEqual(log.splice(0), ['y1', 'closed']);
const it = { i: 0, [Symbol.iterator]() { return this; }, next() { log.push('next'); if (this.i++ > 1) throw new Error('next'); return { value: this.i, done: false }; }, return() { log.push('return'); return {}; } };
assert.throws(() => { let [a, b, c = say('x'), d] = it; }, /next/);
assert.deepEqual(log.splice(0), ['next', 'next', 'next']);
it.i = 0;
{ const [a, b = say('no')] = it; assert.equal(a + b, 3); assert.deepEqual(log.splice(0), ['next', 'next', 'return']); }
it.i = 0;
function* g() { let x; [x, target.q = yield] = it; }
{ const k = g(); it.next2 = 1; const saved = it.next; it.next = function () { log.push('n'); return { value: undefined, done: false }; }; k.next(); k.return(5); it.next = saved; }
assert.deepEqual(log.splice(0), ['n', 'n', 'return']);
{ const [p, ...[q, r = say('rd')]] = new Set([1, 2]); assert.deepEqual([p, q, r], [1, 2, 'rd']); log.splice(0); }
{ let fs = []; for (const [k, v = say('v')] of new Map([[1, 2], [3, undefined]])) fs.push(() => [k, v]); assert.deepEqual(fs.map((f) => f()), [[1, 2], [3, 'v']]); log.splice(0); }
{ assert.throws(() => { [late] = [2]; }, ReferenceError); const f = () => late; let late = 5; assert.equal(f(), 5); }
{ assert.throws(() => { ({ late = say(3) } = {}); }, ReferenceError); const f = () => late; let late = 5; assert.equal(f(), 5); }
console.log('ok');

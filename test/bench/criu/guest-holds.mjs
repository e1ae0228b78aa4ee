/**
 * A program that is moved, by CRIU as plain node and by Godwit as a guest: it holds objects or buffers, and beats.
 *   node guest-holds.mjs KIND MEGABYTES FOLDER [walk]
 * KIND: timers (holds nothing), objects or buffers. With `walk` it goes over all it holds, a slice a beat, round after round, writes into
 * everything, notes what each round took, and ends with a round. At its end it looks whether it still holds what it made.
 */
import { beat, beatOn, isToEnd, ready, result } from './beats.mjs';

const [kind, megabytes, folder, walk] = process.argv.slice(2);
/** In plain node's V8 so many records take a megabyte. Both sides hold the same number. */
const recordsPerMegabyte = 1480;
const count = { timers: 0, objects: Number(megabytes) * recordsPerMegabyte, buffers: Number(megabytes) }[kind];
const slice = kind === 'buffers' ? 4 : 2000;
const held = [];
const rounds = [];
let expected = 0;

/** What a service keeps of a customer: nine objects and arrays. */
function record(i) {
  return {
    id: i,
    name: `customer number ${i}`,
    seen: 0,
    price: i + 0.5,
    tags: [i % 7, i % 11, `tag${i % 1000}`],
    address: { street: `${i % 5000} long street`, place: [i / 7, i / 13] },
    orders: [
      { id: i * 2, lines: [i, i + 1, i + 2] },
      { id: i * 2 + 1, lines: [i + 3] },
    ],
  };
}

/** A megabyte that does not compress, another for each number. */
function buffer(i) {
  const words = new Uint32Array(2 ** 18);
  let state = i + 1;
  for (let j = 0; j < words.length; j++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    words[j] = state ^ (state >>> 15);
  }
  return words;
}

function digestOfRecord({ id, name, price, tags, address, orders }) {
  let sum = id + name.length + price + tags[0] + tags[1] + tags[2].length + address.street.length + Math.floor(address.place[1]);
  for (const order of orders) for (const line of order.lines) sum += order.id + line;
  return sum;
}

function digestOfBuffer(words) {
  let sum = 0;
  for (let j = 1; j < words.length; j += 64) sum += words[j];
  return sum;
}

const make = kind === 'buffers' ? buffer : record;
/** A number of everything in it that does not change. */
const digest = kind === 'buffers' ? digestOfBuffer : digestOfRecord;

function visit(item) {
  if (kind === 'buffers') item[0]++;
  else item.seen++;
  return digest(item);
}

for (let i = 0; i < count; i++) {
  held.push(make(i));
  expected += digest(held[i]);
}

function end() {
  const sum = held.reduce((total, item) => total + digest(item), 0);
  const wrong = [];
  if (sum !== expected || held.length !== count) wrong.push('the program does not hold what it made');
  if (!rounds.every((round) => round[2])) wrong.push('a round did not find what was made');
  if (rounds.some(([atMs], i) => i > 0 && atMs !== rounds[i - 1][0] + rounds[i - 1][1])) wrong.push('a round is missing');
  result(folder, { wrong, rounds });
}

let at = 0;
let roundSum = 0;
let roundAtMs = Date.now();
let isEnding = false;
function walkOn() {
  beat();
  isEnding ||= isToEnd(folder);
  const to = Math.min(count, at + slice);
  for (; at < to; at++) roundSum += visit(held[at]);
  if (at === count) {
    const nowMs = Date.now();
    rounds.push([roundAtMs, nowMs - roundAtMs, roundSum === expected]);
    roundAtMs = nowMs;
    at = roundSum = 0;
    if (isEnding) return end();
  }
  setImmediate(walkOn);
}

ready(folder, { count, heapBytes: process.memoryUsage().heapUsed });
if (walk === 'walk') walkOn();
else beatOn(folder, end);

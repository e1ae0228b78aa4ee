/**
 * Holds objects in a Map and in a list, and looks into some of them every 5 ms for a while.
 *   node paging-guest.mjs OBJECTS SECONDS [FILE]      FILE: gets the longest times between two turns, in ms, longest first
 */
import fs from 'node:fs';

const [objects, seconds] = process.argv.slice(2, 4).map(Number);
const turns = seconds * 100;
const byName = new Map();
const list = [];
for (let i = 0; i < objects / 3; i++) {
  const item = { id: i, name: `item ${i}`, tags: [i % 7, i % 11], next: null };
  byName.set(`key ${i}`, item);
  list.push({ at: i, item });
}
const gaps = [];
let sum = 0;
let turn = 0;
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  gaps.push(Math.round(now - last));
  last = now;
  for (let j = 0; j < 5; j++) {
    const at = (turn * 7919 + j * 104729) % list.length;
    sum += byName.get(`key ${at}`).id + list[at].item.tags[0];
  }
  if (++turn < turns) return;
  clearInterval(timer);
  console.log(sum, byName.size, list.length);
  if (process.argv[4]) fs.writeFileSync(process.argv[4], JSON.stringify(gaps.sort((a, b) => b - a).slice(0, 50)));
}, 5);

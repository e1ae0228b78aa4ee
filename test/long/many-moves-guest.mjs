/**
 * Holds so many MB (of V8's heap in plain node) in records, a Map of them and lists that change, and changes some of it each turn. Prints a digest
 * each 500 turns, and ends after a multiple of these: as many turns as told, or when the file is there.
 *   node many-moves-guest.mjs MEGABYTES TURNS|FILE
 */
import fs from 'node:fs';

/** A record takes 373 bytes of V8's heap with what belongs to it, measured with Node 20 on x64. */
const count = Number(process.argv[2]) * 2800;
const until = process.argv[3];
let state = 12345;
const draw = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % limit;
};

class Account {
  #changes = 0;
  constructor(id) {
    this.id = id;
    this.name = `account ${id}`;
    this.balance = id + 0.5;
    this.tags = [`tag ${id % 100}`, id % 7];
    this.history = [{ turn: 0, amount: id }];
    this.friend = undefined;
  }
  change(turn, amount) {
    this.#changes++;
    this.balance += amount;
    this.history.push({ turn, amount });
    if (this.history.length > 4) this.history.shift();
  }
  digest() {
    const { id, name, balance, tags, history, friend } = this;
    return (
      id + name.length + balance + tags[0].length + history.length + history.at(-1).amount + (friend?.id ?? 0) + this.#changes
    );
  }
}

const accounts = Array.from({ length: count }, (_, id) => new Account(id));
const byName = new Map(accounts.map((account) => [account.name, account]));
const gone = new Set();

function change(turn) {
  const account = accounts[draw(count)];
  account.change(turn, draw(1000) - 500);
  account.friend = accounts[draw(count)];
  if (draw(20) > 0) return;
  // One account takes the place of another.
  const place = draw(count);
  const old = accounts[place];
  byName.delete(old.name);
  gone.add(old.id);
  const renewed = new Account(count + gone.size);
  renewed.friend = account;
  accounts[place] = renewed;
  byName.set(renewed.name, renewed);
}

let at = 0;
let sum = 0;
let turn = 0;
function next() {
  turn++;
  for (let i = 0; i < 20; i++) change(turn);
  // Goes over all of it, a slice a turn.
  for (let i = 0; i < 200; i++) {
    const account = accounts[at];
    if (byName.get(account.name) !== account) throw new Error(`${account.name} is not what its name says`);
    sum = (sum * 31 + Math.round(account.digest() * 2)) % 2 ** 40;
    at = (at + 1) % count;
  }
  if (turn % 500 === 0) {
    console.log(turn, at, sum, gone.size, byName.size);
    if (turn === Number(until) || (Number.isNaN(Number(until)) && fs.existsSync(until))) return;
  }
  setTimeout(next, 1);
}
next();

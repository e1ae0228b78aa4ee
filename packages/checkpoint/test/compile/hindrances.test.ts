/** What findHindrances sees in a program's text, rule by rule: what hinders, and what looks like it and does not. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileScript, findHindrances, type Hindrance, type HindrancePolicy } from '../../src/compile/index.js';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-hindrances-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Says what it is asked about, so that names are tested here and the runtime's tables there. */
const policy: HindrancePolicy = {
  module: (name) => (name === 'http' ? { rule: 'module', effect: 'pin', why: `uses ${name}`, advice: '' } : undefined),
  use(name, call) {
    if (!/(open|readFile|stdin|fetch|isPromise)$/.test(name)) return undefined;
    const how = call ? `calls${call.givesCallback ? ' back' : ''}` : 'uses';
    return { rule: 'use', effect: 'wait', why: `${how} ${name}`, advice: '' };
  },
  gives: (name) => (/createHash$|^Blob$/.test(name) ? { rule: 'native', effect: 'wait', why: name, advice: '' } : undefined),
  isProgram: () => true,
};

async function find(code: string, name = 'program.mjs'): Promise<Hindrance[]> {
  const file = path.join(folder, name);
  fs.writeFileSync(file, code);
  return findHindrances(await compileScript(file, {}), policy);
}

const rulesIn = async (code: string, name?: string): Promise<string[]> => (await find(code, name)).map(({ rule }) => rule);

const work = 'function work() { let n = 0; for (let i = 0; i < 9; i++) n += i; return n; }\nconst brief = () => 1;\n';

/** Rule, what hinders by it, what does not. */
const table: [rule: string, hinders: string[], not: string[]][] = [
  [
    'getter',
    [
      'x = { get a() { return work(); } };',
      'x = class { get a() { for (;;); } };',
      'x = class { #deep() { return work(); } get a() { return this.#deep(); } };',
      'x = { get a() { return [1].map((n) => work()); } };',
      'x = { get a() { return (() => work())(); } };',
    ],
    [
      'x = { get a() { return brief(); } };',
      'x = { get a() { return () => work(); } };',
      'x = { a() { return work(); } };',
      'x = { get a() { return [1].map((n) => n); } };',
    ],
  ],
  ['setter', ['x = { set a(v) { while (v) v--; } };'], ['x = { set a(v) { this.b = v; } };']],
  [
    'coercion',
    ['x = { toString() { return work(); } };', 'x = { [Symbol.toPrimitive]() { return work(); } };'],
    ['x = { toString() { return "x"; } };', 'x = { describe() { return work(); } };'],
  ],
  ['to-json', ['x = { toJSON() { return work(); } };'], ['x = { toJSON() { return 1; } };']],
  [
    'proxy-trap',
    ['x = new Proxy({}, { get() { return work(); } });', 'const h = { get() { return work(); } }; x = new Proxy({}, h);'],
    ['x = new Proxy({}, { get() { return 1; } });', 'x = { get() { return work(); } };'],
  ],
  [
    'field',
    ['x = class { a = work(); };', 'x = class { static a = work(); };'],
    ['x = class { a = brief(); b = () => work(); };'],
  ],
  ['static-block', ['x = class { static { work(); } };'], ['x = class { static { this.a = 1; } };']],
  [
    'before-super',
    [
      'x = class extends Array { constructor() { work(); super(); } };',
      'x = class extends Array { constructor() { super(work()); } };',
    ],
    ['x = class extends Array { constructor() { super(); work(); } };'],
  ],
  [
    'base-constructor',
    [
      'class A { constructor() { work(); } } x = class extends A {};',
      'class A { a = work(); } class B extends A {} x = class extends B {};',
    ],
    ['class A { constructor() { this.a = 1; } } x = class extends A {};', 'class A { constructor() { work(); } } x = new A();'],
  ],
  [
    'default',
    ['x = (a = work()) => a;', 'x = ({ b = work() }) => b;'],
    ['x = (a = brief()) => a;', 'x = (a = () => work()) => a;'],
  ],
  [
    'generator-finally',
    ['x = function* () { try { yield 1; } finally { work(); } };'],
    [
      'x = function* () { try { work(); } finally { work(); } yield 1; };',
      'x = function () { try { brief(); } finally { work(); } };',
    ],
  ],
  [
    'group-by',
    ['Object.groupBy([], () => work());', 'Map.groupBy([], work);'],
    ['Object.groupBy([], (n) => n);', 'x.groupBy([], work);'],
  ],
  [
    'combinator',
    ['function* g() {} Promise.all(g());', 'const g = function* () {}; Promise.race(g());'],
    ['Promise.all([1]);', 'Promise.all(x);', 'function* g() {} Promise.all([...g()]);'],
  ],
  ['reflect-construct', ['class A { a = work(); } Reflect.construct(A, []);'], ['class A {} Reflect.construct(A, []);']],
  [
    'executor',
    ['new Promise((r) => r(work()));'],
    ['new Promise((r) => setTimeout(r, 1));', 'new Promise((r) => setTimeout(() => work(), 1));'],
  ],
  [
    'typed-array',
    [
      'new Float64Array(3).sort((a, b) => work());',
      'const t = Uint8Array.from([1]); t.toSorted(work);',
      'x = class { list = new Int8Array(1); run() { this.list.reduce(() => work()); } };',
    ],
    [
      '[1].sort((a, b) => work());',
      'new Float64Array(3).sort();',
      'new Float64Array(3).sort((a, b) => a - b);',
      'new Float64Array(3).reduce((a, b) => work(), 0);',
      'new Float64Array(3).map(() => work());',
    ],
  ],
  [
    'iterator-helper',
    ['function* g() {} g().map((n) => n);', '[1].values().take(1);', 'new Set().values().filter(Boolean);'],
    ['[1].map((n) => n);', 'x.take(1);'],
  ],
  [
    'list-iterator',
    [
      'x = [1].values();',
      'const it = "abc"[Symbol.iterator]();',
      'x = "abc".matchAll(/a/g);',
      'x = class { list = []; [Symbol.iterator]() { return this.list[Symbol.iterator](); } };',
    ],
    [
      'for (const [i, n] of [1].entries()) work();',
      'x = [..."abc".matchAll(/a/g)];',
      'x = new Map().values();',
      'x = y.values();',
      'x = class { set = new Set(); [Symbol.iterator]() { return this.set[Symbol.iterator](); } };',
      'function first(list) { const it = [1].values(); return it.next().value; } x = first;',
    ],
  ],
  [
    'delegate',
    ['x = function* () { yield* [1, 2]; };', 'x = function* () { const s = "abc"; yield* s; };'],
    [
      'x = function* () { yield* x; };',
      'x = function* () { yield* new Set(); };',
      'x = function* () { for (const n of [1]) yield n; };',
    ],
  ],
  [
    'private-method',
    ['x = class { #m() {} run() { this.f = this.#m; } };'],
    ['x = class { #m() {} run() { this.#m(); } };', 'x = class { #f = 1; run() { x = this.#f; } };'],
  ],
  ['event-target', ['x.addEventListener("abort", work);'], ['window.addEventListener("load", work);', 'x.on("abort", work);']],
  [
    'generator-parameters',
    ['x = function* (a = () => 1) {};'],
    ['x = function* (a = 1) { yield () => a; };', 'x = (a = () => 1) => a;'],
  ],
  [
    'eval',
    ['eval("with (Math) PI");', 'new Function("with (Math) return PI");'],
    ['eval("1");', 'eval(x);', 'x.eval("with (a) b");'],
  ],
  ['computed-import', ['import(x);'], ['import("node:fs");']],
  ['module', ['import "node:http";', 'await import("http");', 'import { get } from "http"; get();'], ['import "node:fs";']],
  [
    'native',
    [
      'import c from "node:crypto"; x = c.createHash("a");',
      'import { createHash as h } from "node:crypto"; const kept = h("a").update("b"); x = () => kept;',
      'import c from "node:crypto"; async function f(a) { const h = c.createHash("a"); await a; h.update("b"); } x = f;',
      'x = { blob: new Blob([]) };',
    ],
    [
      'import c from "node:crypto"; x = c.createHash("a").update("b").digest("hex");',
      'import c from "node:crypto"; function f() { const h = c.createHash("a"); h.update("b"); return h.digest(); } x = f;',
      'class Blob {} x = new Blob();',
    ],
  ],
];

describe('findHindrances', () => {
  for (const [rule, hinders, not] of table)
    it(`knows ${rule}, and what only looks like it`, async () => {
      for (const code of hinders) expect(await rulesIn(`${work}let x, y;\n${code}`), code).toContain(rule);
      for (const code of not) expect(await rulesIn(`${work}let x, y;\n${code}`), code).not.toContain(rule);
    });

  it('knows the rules of sloppy code', async () => {
    expect(await rulesIn('with ({}) { x = () => 1; }', 'w.cjs')).toEqual(['with-closure', 'with']);
    expect(await rulesIn('with ({}) { x = 1; }', 'w.cjs')).toEqual(['with']);
    const effectsIn = async (code: string) => (await find(code, 'a.cjs')).map(({ rule, effect }) => `${rule} ${effect}`);
    for (const code of [
      'function f(a) { a = 1; for (;;) g(arguments[0]); }',
      'function f(a) { arguments[0] = 1; while (a) g(arguments); }',
    ])
      expect(await effectsIn(code), code).toEqual(['arguments putOff']);
    expect(await effectsIn('function f(a) { a = 1; g(() => a); return arguments[0]; }')).toEqual(['arguments differs']);
    for (const code of [
      'function f(a) { a = 1; return arguments[0]; }',
      'function f(a) { "use strict"; a = 1; for (;;) g(arguments[0]); }',
      'function f(a) { const b = arguments[0]; a = b; for (;;) g(a); }',
      'function f(a) { a = 1; for (;;) g(arguments.length); }',
      'function f(a) { a = 1; for (;;) g(function () { return arguments[0]; }); }',
    ])
      expect(await effectsIn(code), code).toEqual([]);
    fs.writeFileSync(path.join(folder, 'sloppy.cjs'), 'made = 1;\nexports.f = () => {\n  globalThis.b = 1;\n  made = 2;\n};\n');
    expect(await rulesIn('import "./sloppy.cjs";')).toEqual(['strict-commonjs', 'strict-commonjs']);
    expect(await rulesIn('require("./sloppy.cjs");', 'all.cjs')).toEqual([]);
  });

  it('follows names of modules however they came in, and no others', async () => {
    const whys = async (code: string, name?: string) => (await find(code, name)).map(({ why }) => why);
    expect(await whys('import fs from "fs"; fs.open(); fs.promises.readFile();')).toEqual([
      'calls node:fs.open',
      'calls node:fs/promises.readFile',
    ]);
    expect(await whys('import { readFile as r } from "node:fs/promises"; r(); const q = (cb) => r("x", cb);')).toHaveLength(1);
    expect(await whys('import * as fs from "node:fs";\nfs.readFile(() => {});')).toEqual(['calls back node:fs.readFile']);
    expect(await whys('import util, { types } from "node:util";\nutil.types.isPromise(1);\ntypes.isPromise(2);')).toEqual([
      'calls node:util/types.isPromise',
      'calls node:util/types.isPromise',
    ]);
    expect(await whys('const { open } = require("fs"); open("x", done);', 'r.cjs')).toEqual(['calls back node:fs.open']);
    expect(await whys('process.stdin.on("data", () => {}); globalThis.fetch("x");')).toEqual([
      'uses process.stdin',
      'calls fetch',
    ]);
    expect(await whys('import fs from "fs"; ((fs, fetch) => { fs.open(); fetch(); })({}, 1); fs.close();')).toEqual([]);
  });

  it('says the author’s place, packages last, the worst first', async () => {
    const inside = path.join(folder, 'node_modules/@some/package');
    fs.mkdirSync(inside, { recursive: true });
    fs.writeFileSync(path.join(inside, 'package.json'), '{"name":"@some/package","main":"index.cjs"}');
    fs.writeFileSync(path.join(inside, 'index.cjs'), 'exports.http = require("http");');
    const list = await find(
      'console.log(import.meta.url); import "@some/package";\nexport class A {\n  get a() { for (;;); }\n}\nimport("http");\n',
    );
    expect(list.map(({ rule, line, column, package: from }) => [rule, line, column, from])).toEqual([
      ['module', 5, 1, null],
      ['module', 1, 16, '@some/package'],
      ['getter', 3, 3, null],
    ]);
    expect(list.every(({ why, advice }) => !/\n/.test(why + advice))).toBe(true);
  });
});

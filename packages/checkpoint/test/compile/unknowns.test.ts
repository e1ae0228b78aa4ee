/** Where the compiler puts calls of the runtime so that it knows what a program may hold, and where not. */
import * as acorn from 'acorn';
import { describe, expect, it } from 'vitest';
import { print } from '../../src/compile/print.js';
import { noteHidden, noteSources } from '../../src/compile/unknowns.js';

const parse = (text: string) => acorn.parse(text, { ecmaVersion: 'latest', locations: true, allowAwaitOutsideFunction: true });

function noted(text: string): string {
  const program = parse(text);
  noteSources(program);
  return print(program).text.replace(/\s+/g, ' ').trim();
}

function hidden(text: string): string {
  const program = parse(text);
  noteHidden(program);
  return print(program).text.replace(/\s+/g, ' ').trim();
}

describe('noteSources()', () => {
  it.each([
    ['f(x.values());', 'f($$held((x.values)()))'],
    ['a = x[Symbol.iterator]();', 'a = $$held(x[Symbol.iterator]())'],
    ['a = x?.keys();', 'a = $$held((x?.keys)())'],
    ['a = text.matchAll(/./g);', 'a = $$held((text.matchAll)(/./g))'],
    ['a = [].values.call(b);', 'a = $$held(([].values.call)(b))'],
    ['f(x.values);', 'f($$taken(x.values))'],
    ['b = x.keys.bind(x);', 'b = ($$taken(x.keys).bind)(x)'],
    ['for (const x of it[Symbol.iterator]()) f(x);', 'for (const x of $$held(it[Symbol.iterator]())) f(x)'],
    ["d = new TextDecoder('latin1');", 'd = new TextDecoder($$marked(\'latin1\', "holds a TextDecoder"))'],
  ])('marks %s', (text, made) => expect(noted(text)).toBe(made));

  it.each([
    'for (const x of map.entries()) f(x);',
    'a = [...x.values()];',
    'a = Array.from(x.keys());',
    'm = new Map(x.entries());',
    'k = map.keys().next().value;',
    'const [first, second] = map.values();',
    'a = Object.keys(x);',
    'a = tree.keys[i];',
    'n = tree.values.length;',
    'if (x.entries) f();',
    'x.values = [];',
    'a = typeof x[Symbol.iterator];',
    "d = new TextDecoder('utf-8');",
    'd = new TextDecoder();',
  ])('leaves alone: %s', (text) => expect(noted(text)).not.toMatch(/\$\$(held|taken|marked)/));

  it('tells reasons that last', () => {
    expect(noteSources(parse('const s = Symbol.iterator;'))).toEqual(['its text takes Symbol.iterator for a value']);
    expect(noteSources(parse('class A { [Symbol.iterator]() { return b[Symbol.iterator](); } } Symbol.iterator in a;'))).toEqual(
      [],
    );
    expect(noteSources(parse('const s = Symbol.iterator;'), () => true)).toEqual([]);
  });

  it('marks private methods that are values, and classes that their heirs see into', () => {
    expect(noted('class A { #m() {} f() { return this.#m; } }')).toContain('$$marked(this, "holds a private method").#m');
    expect(noted('class A { #m() {} async f() { return this.#m(await 1); } }')).toContain('$$marked(this');
    expect(noted('class A { #m() {} f() { return this.#m(1); } }')).not.toContain('$$marked');
    expect(noted('class A extends class {} { #x }')).toContain('extends $$marked(class');
  });
});

describe('noteHidden()', () => {
  it('marks what waits in a finally block, and with statements', () => {
    expect(hidden('function* g() { try { yield 1; } finally { yield 2; } }')).toContain(
      'yield 1; } finally { yield $$marked(2, ',
    );
    expect(hidden('function* g() { try {} finally { f(function* () { yield 1; }); } }')).not.toContain('$$marked');
    expect(hidden('with (o) f();')).toContain('with ($$marked(o, ');
  });

  it('tells of what is caught', () => {
    expect(hidden('try { f(); } catch (e) { g(e); }')).toContain('catch (e) { $$caught(e);');
    expect(hidden('try { f(); } catch { g(); }')).not.toContain('$$caught');
  });
});

/**
 * Small random programs that end, print what they did step by step, and say nothing that differs between machines: a generator for fast-check,
 * so that what fails is shrunk. Names come from a fixed pool that is declared outside, so each is always known; blocks and functions declare
 * some of them again, always where all that is named has a value. Every loop turn and call burns fuel; without it a program throws its way out.
 */
import fc from 'fast-check';

/** What the code around allows. */
interface Place {
  isAsync: boolean;
  isGenerator: boolean;
  isInLoop: boolean;
  isInFunction: boolean;
}
type Text = fc.Arbitrary<string>;

const names = ['a', 'b', 'c', 'd'] as const;
const keys = ['x', 'y', 'z'] as const;
const nowhere: Place = { isAsync: true, isGenerator: false, isInLoop: false, isInFunction: true };

const known = new Map<string, Text>();

function once(kind: string, depth: number, place: Place, make: () => Text): Text {
  const key = `${kind} ${depth} ${JSON.stringify(place)}`;
  const found = known.get(key);
  if (found) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/** One of these; the first is what others shrink to. */
const one = (...of: Text[]): Text => fc.oneof({ withCrossShrink: true }, ...of);
const name: Text = fc.constantFrom(...names);
const key: Text = fc.constantFrom(...keys);
const mark: Text = fc.nat({ max: 99 }).map(String);

/** Puts what the parts give between the texts. */
const code = (texts: TemplateStringsArray, ...parts: Text[]): Text =>
  fc.tuple(...parts).map((made) => texts.reduce((sum, text, i) => sum + made[i - 1] + text));
const some = (part: Text, most: number, between = ', '): Text =>
  fc.array(part, { maxLength: most }).map((list) => list.join(between));

const literal: Text = fc
  .constantFrom('1', '0', '2', '-3', '7', '"s"', '""', 'true', 'null', 'undefined', '[4, 5, 6]', '{ x: 1, y: [2] }')
  .map((text) => `(${text})`);

function expression(depth: number, place: Place): Text {
  return once('expression', depth, place, () => {
    if (depth <= 0) return one(literal, name, code`t(${mark}, ${name})`);
    const e = expression(depth - 1, place);
    const target = one(name, code`o.${key}`, code`o[k(${e})]`, code`t(${mark}, o).${key}`);
    const forms = [
      literal,
      name,
      code`t(${mark}, ${e})`,
      code`(${e} ${fc.constantFrom('+', '-', '*', '<', '===', '&&', '||', ',')} ${e})`,
      code`(${e} ?? ${e})`,
      code`(${target} ${fc.constantFrom('=', '+=', '-=', '*=', '??=', '||=', '&&=')} ${e})`,
      code`(${fc.constantFrom('++', '--')}${target})`,
      code`(${target}${fc.constantFrom('++', '--')})`,
      code`(${e} ? ${e} : ${e})`,
      code`(typeof ${e})`,
      code`\`\${s(${e})}-\${s(${e})}\``,
      code`[${e}, ${e}, ...l(${e})]`,
      code`({ ${key}: ${e}, [k(${e})]: ${e}, ...${e}, get z() { return t(${mark}, ${e.filter((text) => !/\b(await|yield)\b/.test(text))}); } })`,
      code`o.${key}`,
      code`o?.${key}?.[k(${e})]`,
      code`(delete o.${key})`,
      code`c1(${e}, ${e})`,
      code`call(${e}, ${e}, ${e})`,
      code`call(...l(${e}), ${e})`,
      code`o.m?.(${e}, ${e})`,
      code`(${lambda(depth - 1)})(${e}, ${e})`,
      lambda(depth - 1),
      code`new (${classText(depth - 1)})(${e}).${one(fc.constant('get(7)'), fc.constant('field'), fc.constant('near'))}`,
      code`tag\`\${${e}}-\${${e}}\``,
      code`([${name}, ${name} = ${e}] = l(${e}))`,
      code`({ x: ${name}, y: ${name} = ${e}, ...${name} } = h(${e}))`,
      code`([call(() => o, 1).${key}, o[k(${e})] = ${e}, ...${name}] = l(${e}))`,
      code`([${name} = ${e}, o.${key}] = g(${generator(depth - 1)}(${e})))`,
      code`({ [k(${e})]: call(() => o, 2).${key} = ${e}, ...o.rest } = h(${e}))`,
      code`[...g(${generator(depth - 1)}(${e}))]`,
      code`l(${e}).map((${name}, i) => t(i, ${expression(depth - 1, inLambda)}))`,
    ];
    if (place.isAsync)
      forms.push(code`(await ${e})`, code`(await pending(${e}))`, code`(await (${asyncLambda(depth - 1)})(${e}))`);
    if (place.isGenerator) forms.push(code`(yield ${e})`, code`(yield* l(${e}))`);
    return one(...forms);
  });
}

const inLambda: Place = { isAsync: false, isGenerator: false, isInLoop: false, isInFunction: true };
const inAsync: Place = { ...inLambda, isAsync: true };
const inGenerator: Place = { ...inLambda, isGenerator: true };

const lambda = (depth: number): Text =>
  once('lambda', depth, inLambda, () => {
    const parameters = one(
      name,
      code`v = ${expression(depth - 1, inLambda)}`,
      fc.constant('[a, b] = [1, 2]'),
      fc.constant('{ x: c } = { x: 3 }'),
      fc.constant('a, ...b'),
    );
    return one(
      code`((${parameters}) => t(${mark}, ${expression(depth, inLambda)}))`,
      code`(function (${parameters}) { q(); ${statements(depth, inLambda)} return ${expression(depth - 1, inLambda)}; })`,
      code`(function (${name}) { q(); this && t(${mark}, arguments.length); ${statements(depth, inLambda)} })`,
    );
  });

const asyncLambda = (depth: number): Text =>
  once('asyncLambda', depth, inAsync, () =>
    one(
      code`(async (${name}) => t(${mark}, ${expression(depth, inAsync)}))`,
      code`(async function (${name}) { q(); ${statements(depth, inAsync)} return ${expression(depth - 1, inAsync)}; })`,
    ),
  );

const generator = (depth: number): Text =>
  once(
    'generator',
    depth,
    inGenerator,
    () => code`(function* (${name}) { q(); ${statements(depth, inGenerator)} yield ${expression(depth, inGenerator)}; })`,
  );

const classText = (depth: number): Text =>
  once('class', depth, inLambda, () => {
    const e = expression(depth - 1, inLambda);
    return one(
      code`class { field = t(${mark}, ${e}); #own = ${e}; constructor(v) { q(); this.near = v; ${statements(depth - 1, inLambda)} } get(v) { return [v, this.#own, (this.#own = ${e})]; } }`,
      code`class extends Base { static near = t(${mark}, ${e}); #own = 1; constructor(v) { super(${e}); this.far = v; } get(v) { this.#own += 1; return [super.get(${e}), this.#own, this.far]; } }`,
      code`class extends Base { get field() { return t(${mark}, ${e}); } static { t(${mark}, this.name); } }`,
    );
  });

function statement(depth: number, place: Place): Text {
  return once('statement', depth, place, () => {
    const e = expression(Math.max(0, depth - 1), place);
    if (depth <= 0) return code`t(${mark}, ${e});`;
    const inner = statements(depth - 1, place);
    const looped = statements(depth - 1, { ...place, isInLoop: true });
    const forms = [
      code`t(${mark}, ${expression(depth, place)});`,
      code`${name} = ${expression(depth, place)};`,
      code`if (${e}) { ${inner} } else { ${inner} }`,
      code`for (let i = 0; q() && i < ${fc.constantFrom('2', '1', '3')}; i++) { later.push(() => t(i, i)); ${looped} }`,
      code`for (let ${fc.constantFrom('v', '[v, w = 2]', '{ x: v = 1 }')} of l(${e})) { q(); ${looped} }`,
      code`for (const v of g(${generator(depth - 1)}(${e}))) { q(); t(${mark}, v); ${looped} }`,
      code`for (const v in h(${e})) { q(); t(${mark}, v); ${looped} }`,
      code`while (q() && ${e}) { ${looped} if (burnt()) break; }`,
      code`do { ${looped} } while (q() && !burnt() && ${e});`,
      code`switch (${e}) { case ${e}: ${inner} case ${literal}: ${inner} break; default: ${inner} }`,
      code`try { ${inner} ${expression(depth - 1, place)}; } catch (e) { t(${mark}, n(e)); ${inner} }`,
      code`try { ${inner} } finally { t(${mark}, 'finally'); ${inner} }`,
      code`try { throw ${e}; } catch ({ x: d }) { ${inner} } finally { ${inner} }`,
      code`{ let ${name} = ${literal}; ${inner} later.push(() => t(${mark}, s(${name}))); }`,
      code`{ function own(${name}) { q(); ${statements(depth - 1, inLambda)} } call(own, ${e}); later.push(own); }`,
      code`o = { x: o.x, m: ${lambda(depth - 1)}, y: ${e} };`,
      code`level${fc.constant(String(depth))}: { ${inner} if (${e}) break level${fc.constant(String(depth))}; ${inner} }`,
      code`throw ${e};`,
    ];
    if (place.isInLoop) forms.push(fc.constant('continue;'), code`if (${e}) break;`);
    if (place.isInFunction) forms.push(code`if (${e}) return ${e};`);
    if (place.isAsync)
      forms.push(
        code`for await (const v of [${e}, pending(${e})]) { q(); t(${mark}, v); ${looped} }`,
        code`wait.push((${asyncLambda(depth - 1)})(${e}).catch(n));`,
        code`await Promise.all([pending(${e}), (${asyncLambda(depth - 1)})(${e})]).then((all) => t(${mark}, all));`,
      );
    return one(...forms);
  });
}

const statements = (depth: number, place: Place): Text =>
  once('statements', depth, place, () => (depth < 0 ? fc.constant('') : some(statement(depth, place), 3, ' ')));

/** The body of one async function. */
export const randomBody: Text = fc.array(statement(3, nowhere), { minLength: 1, maxLength: 5 }).map((list) => list.join('\n  '));

/** A script of some such bodies, each with its own log. */
export function scriptOf(bodies: readonly string[]): string {
  return `${support}${bodies.map((body) => `await run(async () => {\n  ${body}\n});`).join('\n')}\n`;
}

const support = `Function.prototype.toString = () => 'function';
let log, fuel, later, wait, o;
let a = 1, b = 2, c = 3, d = 4;
class Base { constructor(v) { q(); this.field = v; } get(v) { q(); return t(0, [v, this.field]); } }
const q = () => { if (--fuel < 0) throw new RangeError('fuel'); return true; };
const burnt = () => fuel < 30;
const t = (at, value) => { q(); log.push(at + ':' + s(value)); return value; };
const s = (value, depth = 2) => {
  if (typeof value === 'function') return 'f' + value.length;
  if (typeof value !== 'object' || value === null) return typeof value === 'number' && Math.abs(value) > 1e9 ? 'big' : String(value).slice(0, 40);
  if (value instanceof Error) return n(value);
  if (depth === 0) return 'o';
  if (Array.isArray(value)) return '[' + value.slice(0, 5).map((item) => s(item, depth - 1)) + ']';
  return '{' + Object.keys(value).slice(0, 5).map((key) => { let item; try { item = value[key]; } catch (e) { item = e; } return key + s(item, depth - 1); }) + '}';
};
const n = (error) => (error instanceof Error ? error.name : 'thrown ' + s(error));
const k = (value) => 'xyz'[Math.abs(Number(typeof value === 'number' && value) || 0) % 3];
const l = (value) => (Array.isArray(value) ? value.slice(0, 4) : [value]);
const h = (value) => Object(value ?? {});
const c1 = (x, y) => { q(); return t(1, [y, x]); };
const call = (f, ...rest) => { q(); return typeof f === 'function' ? f(...rest) : rest[0]; };
const tag = (texts, ...values) => { q(); return t(texts.length, values); };
const pending = (value) => new Promise((resolve) => { setImmediate(() => { log.push('late'); resolve(value); }); });
function* g(inner) { let count = 0; for (const value of inner) { q(); if (++count > 5) return; yield t(count, value); } }
let running = 0;
async function run(body) {
  log = []; fuel = 150; later = []; wait = []; o = { x: 1, y: 'y', m(v) { q(); return [this === o, v]; } };
  a = 1; b = 2; c = 3; d = 4;
  try { const result = await body(); t(3, result); } catch (error) { log.push(n(error)); }
  try { for (const value of await Promise.all(wait)) log.push(s(value)); for (const f of later.slice(0, 20)) call(f, 1); } catch (error) { log.push(n(error)); }
  fuel = 100;
  console.log(++running, log.length, log.slice(-60).join(' '), s([a, b, c, d, o]));
}
process.on('unhandledRejection', (error) => { log.push('unhandled ' + n(error)); });
`;

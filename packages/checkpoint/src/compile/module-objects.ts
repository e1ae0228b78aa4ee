/**
 * `module` and `require` of CommonJS modules as in Node. esbuild gives a module `{ exports: {} }` and one `require` for all; a module that asks for
 * more gets two calls around its text, by which the runtime (guest/commonjs.ts) makes these what Node makes them:
 *
 *   before:  "a.cjs"(exports, module) { …text… }
 *   after:   "a.cjs"(exports, module) { $$describe(module, "/…/a.cjs", false); var require = $$requireOf("/…/a.cjs"); …text… $$loaded(module); }
 *
 * Who required whom is known only where each `require_x()` says so, which costs a call. So that happens only in programs that ask for it
 * (`module.parent`, `module.children`, `require.cache`, or a `module` that is handed on), and then all modules are described. A program that asks
 * for nothing of this is left as it is.
 */
import path from 'node:path';
import { assert } from '../base/index.js';
import {
  anyNode,
  call,
  childNodes,
  declare,
  id,
  isFunction,
  keyOfMember,
  literal,
  type Node,
  putAround,
  sequence,
  statement,
  undefinedValue,
} from './ast.js';
import { MODULE_FUNCTION } from './context.js';

export interface ModuleObjectOptions {
  /** The entry's files: as it was named, and what that is a link to. */
  entries: readonly string[];
  /** All modules are CommonJS: what stands outside of esbuild's functions is the entry's. */
  sloppy: boolean;
  source: string;
  fileOf(node: Node): string | undefined;
  /** Modules that come with Godwit are built-ins to a program. */
  isLibrary(file: string): boolean;
}

interface CommonJsModule {
  file: string;
  isMain: boolean;
  /** The text as statements; the list that the calls are put into. */
  list: Node[];
  roots: readonly Node[];
  /** What the text calls its `module`, and adds it as a parameter where esbuild left it out. */
  name: string | undefined;
  nameModule(): string;
}

/** What a module's text asks of `module` and `require`. */
interface Asked {
  own: boolean;
  /** For the class of its module. */
  class: boolean;
  graph: boolean;
  /** Names under which a `require` of its own is asked for. */
  requires: Set<string>;
}

/** Rewrites the program in place. Returns whether it asks for the class of modules, which is node:module. */
export function giveModuleObjects(program: Node[], options: ModuleObjectOptions): boolean {
  giveEsModules(program);
  const found = findModules(program, options);
  const asked = new Map(found.modules.map((module) => [module, whatIsAsked(module, found, options)]));
  const all = [...asked.values()];
  const asksForMain = found.others.some((node) => mentionsMainModule([node], options.source));
  if (!asksForMain && !all.some(({ own, graph }) => own || graph)) return false;
  const graph = all.some((a) => a.graph);
  if (graph) {
    for (const { node, from, to } of found.calls()) announce(node, from, to);
    tellFailures(program);
  }
  for (const [module, { own, requires }] of asked) if (graph || own || module.isMain) describe(module, requires);
  return all.some((a) => a.class);
}

interface Found {
  modules: CommonJsModule[];
  /** Names of `require`: the runtime's, and that of esbuild's function around it in programs with ES modules. */
  requireNames: ReadonlySet<string>;
  /** Statements of no CommonJS module. */
  others: Node[];
  calls(): Iterable<{ node: Node; from: string | undefined; to: string }>;
}

function findModules(program: Node[], { entries, sloppy, source, fileOf, isLibrary }: ModuleObjectOptions): Found {
  const folder = path.dirname(entries[0]!);
  const modules: CommonJsModule[] = [];
  const requireNames = new Set(['require']);
  const others: Node[] = [];
  /** By the names of esbuild's functions. */
  const files = new Map<string, string>();
  const owned: { root: Node; from: string | undefined }[] = [];
  for (const node of program) {
    const wrapped = wrapperOf(node);
    if (!wrapped) {
      if (isRequireShim(node, source)) requireNames.add(node.declarations[0].id.name);
      else others.push(node);
      continue;
    }
    const { name, key, method, isCommonJs } = wrapped;
    if (!isCommonJs) {
      const importer = /^require\(.*\) in (.*)$/s.exec(key)?.[1];
      owned.push({ root: method, from: importer === undefined ? undefined : path.resolve(folder, importer) });
      others.push(node);
      continue;
    }
    const file = path.resolve(folder, key);
    if (isLibrary(file)) continue;
    files.set(name, file);
    owned.push({ root: method, from: file });
    modules.push(wrappedModule(file, entries.includes(file), method));
  }
  const main = modules.some(({ isMain }) => isMain) ? undefined : bareEntry(program, others, { sloppy, entries, fileOf });
  if (main) modules.push(main);
  for (const root of others) if (!wrapperOf(root)) owned.push({ root, from: main?.roots.includes(root) ? main.file : undefined });
  return {
    modules,
    requireNames,
    others: main ? others.filter((node) => !main.roots.includes(node)) : others,
    *calls() {
      for (const { root, from } of owned) yield* callsOf(root, from, files);
    },
  };
}

/** `var require_a = __commonJS({ "a.js"(exports, module) {…} })`, and the same with `__esm`. */
function wrapperOf(node: Node): { name: string; key: string; method: Node; isCommonJs: boolean } | undefined {
  if (node.type !== 'VariableDeclaration' || node.declarations.length !== 1) return undefined;
  const { id: name, init } = node.declarations[0];
  if (init?.type !== 'CallExpression' || !/^__(commonJS|esm)$/.test(init.callee.name ?? '')) return undefined;
  const property = init.arguments[0]?.properties?.[0];
  if (!property || !isFunction(property.value)) return undefined;
  const key = String(property.key.value ?? property.key.name);
  return { name: name.name, key, method: property.value, isCommonJs: init.callee.name === '__commonJS' };
}

const isRequireShim = (node: Node, source: string): boolean =>
  node.type === 'VariableDeclaration' &&
  /^__require\d*$/.test(node.declarations[0].id.name ?? '') &&
  source.slice(node.start, node.end).includes('"Dynamic require of "');

function wrappedModule(file: string, isMain: boolean, method: Node): CommonJsModule {
  const list: Node[] = method.body.body;
  const name: string | undefined = method.params[1]?.name;
  const nameModule = (): string => {
    if (method.params.length === 0) method.params.push(id('$$exports'));
    if (method.params.length === 1) method.params.push(id('$$module'));
    return method.params[1].name;
  };
  return { file, isMain, list, roots: [method.body], name, nameModule };
}

/** An entry that no module requires has no function of esbuild's around it. */
function bareEntry(
  program: Node[],
  others: Node[],
  { sloppy, entries, fileOf }: Pick<ModuleObjectOptions, 'sloppy' | 'entries' | 'fileOf'>,
): CommonJsModule | undefined {
  const isEntrys = (node: Node): boolean => {
    const file = fileOf(bodyOfModuleCall(node)?.[0] ?? node);
    return file !== undefined && entries.includes(file);
  };
  const file = entries.at(-1)!;
  const roots = sloppy ? others : others.filter((node) => bodyOfModuleCall(node) && isEntrys(node));
  if (roots.length === 0) return undefined;
  return { file, isMain: true, list: program, roots, name: 'module', nameModule: () => 'module' };
}

const bodyOfModuleCall = (node: Node): Node[] | undefined => {
  const callee =
    node.type === 'ExpressionStatement' && node.expression.type === 'CallExpression' ? node.expression.callee : undefined;
  const target = callee?.type === 'MemberExpression' ? callee.object : callee;
  return target?.type === 'FunctionExpression' && target.id?.name === MODULE_FUNCTION ? target.body.body : undefined;
};

/** What `require` gives of an ES module: esbuild's `var __toCommonJS = (mod) => copy` becomes `(mod) => $$asCommonJs(mod, copy)`. */
function giveEsModules(program: readonly Node[]): void {
  const { init } = program.map(declarationOf).find((d) => d?.id.name === '__toCommonJS') ?? {};
  if (init) init.body = call(id('$$asCommonJs'), [id(init.params[0].name), init.body]);
}

const declarationOf = (node: Node): Node | undefined => (node.type === 'VariableDeclaration' ? node.declarations[0] : undefined);

// What is asked ------------------------------------------------------------------------------------------------------

const graphMembers = new Set(['parent', 'children']);
const isMemberOf = (parent: Node, node: Node): boolean => parent.type === 'MemberExpression' && parent.object === node;
/** Only whether there is such a thing is asked, and the answer does not go on. */
function isTest({ node, above }: Placed): boolean {
  const parent = above!.node;
  if (parent.type === 'UnaryExpression') return /^(typeof|!)$/.test(parent.operator);
  if (parent.type === 'LogicalExpression') return (parent.operator === '&&' && parent.left === node) || isTest(above!);
  return /^(IfStatement|ConditionalExpression)$/.test(parent.type) && parent.test === node;
}
const isComparison = (parent: Node): boolean => parent.type === 'BinaryExpression' && /^[!=]==?$/.test(parent.operator);

function whatIsAsked(module: CommonJsModule, { requireNames }: Found, { source }: ModuleObjectOptions): Asked {
  const asked: Asked = { own: false, class: false, graph: false, requires: new Set() };
  if (!mayAsk(module, source)) return asked;
  for (const placed of identifiers(module.roots)) {
    const { node } = placed;
    const parent = placed.above!.node;
    if (node.name === module.name) askOfModule(asked, placed);
    else if (requireNames.has(node.name)) askOfRequire(asked, placed);
    else if (node.name === 'eval' && parent.type === 'CallExpression' && parent.callee === node) {
      asked.graph = true;
      asked.requires.add('require'); // its code may say anything
    }
  }
  if (mentionsMainModule(module.roots, source)) asked.own = true;
  return asked;
}

/** Most modules say only `module.exports` and `require(…)`; their text tells. */
function mayAsk({ roots, name }: CommonJsModule, source: string): boolean {
  const named = name === undefined ? '' : `|\\b${name}\\b(?!\\s*\\.\\s*exports\\b)`;
  const telling = new RegExp(`\\brequire\\b(?!\\s*\\()|__require\\d*\\b(?!\\()|\\beval\\b|\\bmainModule\\b${named}`);
  return roots.some((root) => telling.test(source.slice(root.start, root.end)));
}

const mentionsMainModule = (roots: readonly Node[], source: string): boolean =>
  roots.some((root) => /\bprocess\.mainModule\b/.test(source.slice(root.start, root.end)));

function askOfModule(asked: Asked, placed: Placed): void {
  if (isTest(placed)) return;
  const { node } = placed;
  const parent = placed.above!.node;
  if (isComparison(parent)) {
    asked.own = true;
    return;
  }
  const name = isMemberOf(parent, node) ? keyOfMember(parent) : undefined;
  if (name === 'exports') return;
  if (name === undefined || graphMembers.has(name)) asked.graph = true;
  if (name === 'constructor') asked.class = true;
  asked.own = true;
}

function askOfRequire(asked: Asked, placed: Placed): void {
  const { node } = placed;
  const parent = placed.above!.node;
  if (isTest(placed) || (parent.type === 'CallExpression' && parent.callee === node)) return;
  asked.own = true;
  asked.requires.add(node.name);
  const name = isMemberOf(parent, node) ? keyOfMember(parent) : undefined;
  if (name === 'main') {
    const above = placed.above!.above!.node;
    const ofMain = isMemberOf(above, parent) ? keyOfMember(above) : undefined;
    const isHarmless = isTest(placed.above!) || isComparison(above) || (ofMain !== undefined && !graphMembers.has(ofMain));
    if (!isHarmless) asked.graph = true;
  } else if (name === undefined || name === 'cache') asked.graph = true;
}

/** A node and what it stands in. */
interface Placed {
  node: Node;
  above: Placed | undefined;
}

/** Each identifier that stands for a value; there are two nodes above it at least. */
function* identifiers(roots: readonly Node[]): Iterable<Placed> {
  const nowhere: Placed = { node: { type: 'Program' }, above: { node: { type: 'Program' }, above: undefined } };
  const work: Placed[] = roots.map((node) => ({ node, above: nowhere }));
  for (let placed = work.pop(); placed; placed = work.pop()) {
    if (placed.node.type === 'Identifier') {
      if (!isKey(placed.node, placed.above!.node)) yield placed;
      continue;
    }
    for (const node of childNodes(placed.node)) work.push({ node, above: placed });
  }
}

const isKey = (node: Node, parent: Node): boolean =>
  (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
  (/^(Property|PropertyDefinition|MethodDefinition)$/.test(parent.type) && parent.key === node && !parent.computed) ||
  /^(LabeledStatement|BreakStatement|ContinueStatement)$/.test(parent.type);

// What is given ------------------------------------------------------------------------------------------------------

function describe(module: CommonJsModule, requires: ReadonlySet<string>): void {
  const { list, file, isMain } = module;
  const name = module.nameModule();
  for (const root of module.roots) loadedAtReturns(root, name);
  const isWrapped = module.roots[0]!.body === list;
  // That of the program itself is the entry's.
  const own = isWrapped ? [...requires].map((r) => declare('var', r, call(id('$$requireOf'), [literal(file)]))) : [];
  const begin = statement(call(id('$$describe'), [id(name), literal(file), literal(isMain)]));
  const behindDirectives = list.findIndex((node) => node.directive === undefined);
  list.splice(behindDirectives < 0 ? list.length : behindDirectives, 0, begin, ...own);
  list.push(statement(call(id('$$loaded'), [id(name)])));
}

/** A package's module may return; that of an author stands in a function of its own (commonjs.ts), and the whole is behind it. */
function loadedAtReturns(root: Node, name: string): void {
  const work = [root];
  for (let node = work.pop(); node; node = work.pop()) {
    if (isFunction(node)) continue;
    if (node.type === 'ReturnStatement')
      node.argument = call(id('$$loaded'), [id(name), node.argument ?? undefinedValue()], node);
    else childNodes(node, work);
  }
}

function* callsOf(root: Node, from: string | undefined, files: ReadonlyMap<string, string>) {
  const found: { node: Node; from: string | undefined; to: string }[] = [];
  for (const { node, above: call } of identifiers([root])) {
    const parent = call!.node;
    const above = call!.above!.node;
    const to = files.get(node.name);
    if (to === undefined || parent.type !== 'CallExpression' || parent.callee !== node) continue;
    // What an import gives has no parent.
    const isImport = above.type === 'CallExpression' && above.callee.name === '__toESM';
    found.push({ node: parent, from: isImport ? undefined : from, to });
  }
  yield* found;
}

/** `require_a()` becomes `($$requiring("/…/main.cjs", "/…/a.cjs"), require_a())`. */
function announce(node: Node, from: string | undefined, to: string): void {
  const places = [from === undefined ? literal(null) : literal(from), literal(to)];
  putAround(node, (inner) => sequence(call(id('$$requiring'), places, inner), inner));
}

/** esbuild's function forgets a module that throws: `catch (e) { throw mod = 0, e; }`, and `mod` is told before. */
function tellFailures(program: readonly Node[]): void {
  for (const node of program) {
    const declared = declarationOf(node);
    if (declared?.id.name !== '__commonJS') continue;
    const isTold = anyNode([declared.init], (inner) => {
      if (inner.type !== 'CatchClause') return false;
      inner.body.body.unshift(statement(call(id('$$failed'), [id(declared.init.params[1].name)])));
      return true;
    });
    assert(isTold, 'esbuild prints __commonJS without a catch');
  }
}

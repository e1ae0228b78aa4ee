/**
 * A whole bundle: module-level declarations outside, the module's body as one function `$main` inside, and an eval hook in
 * the module's scope through which closures and resumed frames are added later.
 *
 *   (function (eval) {                                // V8's own: the global of that name is ours, and programs can change it
 *    return function ($$f, $$class, …, require, …) {
 *     var shared; function declared() {…}           // captured module-level names stay native
 *     $$f(declared, 3); $$module(($c) => eval($c));
 *     return function $main() {…};                  // a generator if the module awaits at top level
 *    };
 *   })
 *
 * The two wrappers begin on the first two lines, and nothing else does: capture/frames.ts knows them by that.
 */
import {
  anyNode,
  call,
  children,
  declare,
  eachNode,
  id,
  isClass,
  isFunction,
  isLoop,
  literal,
  member,
  type Node,
  returns,
  statement,
} from './ast.js';
import { FunctionContext, MODULE_FUNCTION, ProgramContext } from './context.js';
import { makeVariableObject } from './functions.js';
import { giveModuleObjects, type ModuleObjectOptions } from './module-objects.js';
import { keepRegisters } from './registers.js';
import { type Analysis, analyzeProgram, type Binding } from './scope.js';
import { hoistFunctions, lowerStatements } from './statements.js';

/** What the runtime hands to a bundle, in this order; `guest/helpers.ts` provides them by these names. */
export const HELPER_NAMES = [
  '$$f', '$$ff', '$$fn', '$$fk', '$$fd', '$$fa', '$$fg', '$$fl', '$$natives', '$$class', '$$hook', '$$skip', '$$module', '$$spawn', '$$agen', '$$yield', '$$yieldRaw', '$$delegate', '$$delegateStep',
  '$$array', '$$spread', '$$append', '$$list', '$$iterator', '$$cursorNext', '$$loopOver', '$$ready', '$$gather', '$$generatorNext', '$$generatorStep', '$$asyncIterator', '$$done', '$$close', '$$closeQuietly', '$$closeAsync', '$$closeAsyncQuietly', '$$keys', '$$has', '$$key',
  '$$const', '$$super', '$$superAt', '$$template', '$$rest', '$$object', '$$slice', '$$assign', '$$define', '$$accessor', '$$import', '$$directEval',
  '$$eval', '$$variables', '$$addVariables', '$$own', '$$whole', '$$methods', '$$held', '$$taken', '$$marked', '$$caught', '$$templateOf', '$$hole', '$$unset', '$$undeclared', '$$written',
  '$$meta', '$$global', '$$next', '$$redelegate', '$$imports', '$$this', '$$describe', '$$requireOf', '$$requiring', '$$loaded', '$$failed', '$$asCommonJs', 'require', 'module', 'exports', '__filename', '__dirname',
] as const; // biome-ignore format: one table

export interface LoweredProgram {
  root: Node;
  context: ProgramContext;
  imports: string[];
  mainFid: number;
  topLevelAwait: boolean;
}

export interface ProgramOptions {
  strict: boolean;
  source: string;
  /** Names of anonymous functions and classes, from names.ts. */
  names: Map<Node, string>;
  fileOf(node: Node): string;
  /** The file of the program that a node comes from, and the name that stands there. */
  nameOf(node: Node): { file: string; name: string | undefined } | undefined;
  /** None: a program of no modules. */
  modules?: Pick<ModuleObjectOptions, 'entries' | 'isLibrary'>;
}

export function lowerProgram(program: Node, options: ProgramOptions): LoweredProgram {
  const imports: string[] = [];
  const { source, nameOf } = options;
  if (options.modules) {
    const fileOf = (node: Node): string | undefined => nameOf(node)?.file;
    const modules = { ...options.modules, sloppy: !options.strict, source, fileOf };
    if (giveModuleObjects(program.body, modules)) imports.push('node:module');
  }
  const body = withoutModuleFunctions(withoutModuleSyntax(program.body, imports));
  const strict = options.strict || body.some((s) => s.directive === 'use strict');
  const flat: Node = { type: 'Program', body, start: program.start, end: program.end };
  const analysis = analyzeProgram(flat, {
    strict,
    singletons: findSingletons(body),
    loopBodies: whileBodies(flat),
    sameFile: (a, b) => fileOnly(options.fileOf(a)) === fileOnly(options.fileOf(b)),
  });
  const shared = new ProgramContext(analysis, options.source, options.names, options.fileOf);
  shared.namesSeenFrom = (node) => namesSeenFrom(options.nameOf(node)?.file, analysis, options);
  const awaits = topLevelAwaits(body);
  const context = new FunctionContext(
    shared,
    analysis.root,
    awaits ? 'async' : 'sync',
    undefined,
    [],
    undefined,
    false,
    false,
    false,
  );
  const entry: Node[] = [];
  makeVariableObject(analysis.root, context, entry);
  hoistFunctions(body, analysis.root.scope, context, entry, true);
  const lowered: Node[] = [];
  lowerStatements(body, context, lowered);
  const head: Node[] = [];
  const kept = keepRegisters([...entry, ...lowered], {
    isRegister: context.isRegister,
    parameters: new Set(),
    temp: () => context.temp(),
  });
  if (context.temps.length > 0) head.push(declareNames(context.temps));
  const main: Node = {
    type: 'FunctionExpression',
    id: id('$main'),
    params: [],
    body: { type: 'BlockStatement', body: [...head, ...kept] },
    async: false,
    generator: awaits,
    expression: false,
  };
  const mainFid = shared.newFid(main, {
    kind: 'main',
    name: '',
    envs: [],
    classEnv: undefined,
    strict,
    source: [0, 0],
  });
  const declared = new Set(shared.moduleFunctions.map((f) => f.id.name));
  const bound = analysis.moduleBindings.map((b) => b.out).filter((name) => !declared.has(name));
  const templates = shared.moduleStatements.filter((s) => s.type === 'VariableDeclaration').map((s) => s.declarations[0].id.name);
  const names = bound;
  const outer: Node[] = [];
  if (strict) outer.push({ type: 'ExpressionStatement', expression: literal('use strict'), directive: 'use strict' });
  const unset = new Set([...analysis.deadZones.unset].filter((b) => b.home === 'module').map((b) => b.out));
  if (names.length > 0) outer.push(declareNames(names, unset));
  outer.push(...shared.moduleFunctions);
  outer.push(statement(call(id('$$module'), [evalHook(), moduleVariables([...bound, ...declared, ...templates])])));
  outer.push(...shared.moduleStatements);
  outer.push(returns(main));
  const root: Node = {
    type: 'Program',
    sourceType: 'script',
    body: [statement(plainFunction(['eval'], [returns(plainFunction(HELPER_NAMES, outer))]))],
  };
  return { root, context: shared, imports, mainFid, topLevelAwait: awaits };
}

const fileOnly = (place: string): string => place.slice(0, place.lastIndexOf(':'));

/** Each name of the module's scope that a file mentions, as it stands in the file. */
function namesSeenFrom(
  file: string | undefined,
  { references, root }: Analysis,
  { nameOf }: ProgramOptions,
): Map<string, Binding> {
  const seen = new Map<string, Binding>();
  for (const [node, binding] of references) {
    if (binding.scope !== root.scope || !node.loc) continue;
    const written = nameOf(node);
    // To esbuild's map its own helper is called what the function is that it names.
    if (written?.file === file && written?.name && binding.name !== '__name') seen.set(written.name, binding);
  }
  return seen;
}

const plainFunction = (params: readonly string[], body: Node[]): Node => ({
  type: 'FunctionExpression',
  id: null,
  params: params.map((name) => id(name)),
  body: { type: 'BlockStatement', body },
  async: false,
  generator: false,
  expression: false,
});

const declareNames = (names: string[], unset: ReadonlySet<string> = new Set()): Node => ({
  type: 'VariableDeclaration',
  kind: 'var',
  declarations: names.map((name) => ({
    type: 'VariableDeclarator',
    id: id(name),
    init: unset.has(name) ? id('$$hole') : null,
  })),
});

const evalHook = (): Node => ({
  type: 'ArrowFunctionExpression',
  params: [id('$c')],
  expression: true,
  async: false,
  generator: false,
  body: call(id('eval'), [id('$c')]),
});

/** The list of the module's variables, by which a capture reads and a restore writes them through the hook. */
const moduleVariables = (names: string[]): Node => ({ type: 'ArrayExpression', elements: names.map((n) => literal(n)) });

/** Imports become reads of the runtime's module table, exports go away: nothing imports a guest's entry. */
function withoutModuleSyntax(list: Node[], imports: string[]): Node[] {
  const out: Node[] = [];
  const slot = (source: string): Node => {
    let index = imports.indexOf(source);
    if (index < 0) index = imports.push(source) - 1;
    return member(id('$$imports'), literal(index));
  };
  for (const node of list) {
    if (node.type === 'ImportDeclaration') {
      if (node.specifiers.length === 0) {
        slot(node.source.value);
        continue;
      }
      for (const s of node.specifiers) {
        const from = slot(node.source.value);
        const value =
          s.type === 'ImportNamespaceSpecifier'
            ? member(from, 'namespace')
            : s.type === 'ImportDefaultSpecifier'
              ? member(from, 'default')
              : member(member(from, 'namespace'), s.imported.name ?? s.imported.value);
        out.push({ ...declare('var', s.local, value), loc: node.loc, start: node.start });
      }
    } else if (node.type === 'ExportNamedDeclaration') {
      if (node.declaration) out.push(node.declaration);
    } else if (node.type === 'ExportDefaultDeclaration') {
      const d = node.declaration;
      if (/Declaration$/.test(d.type) && d.id) out.push(d);
      else
        out.push({
          type: 'ExpressionStatement',
          expression: /Declaration$/.test(d.type) ? { ...d, type: d.type.replace('Declaration', 'Expression') } : d,
          loc: node.loc,
          start: node.start,
        });
    } else if (node.type === 'ExportAllDeclaration') slot(node.source.value);
    else out.push(node);
  }
  return out;
}

/**
 * Takes the functions away that commonjs.ts put around modules, where nothing in a module can tell: a program's main function is its own.
 * esbuild gives nested names that no outer scope has.
 */
function withoutModuleFunctions(list: Node[]): Node[] {
  const calls = list.filter((node) => isModuleCall(node));
  if (calls.length === 0) return list;
  return list.flatMap((node) => {
    if (!isModuleCall(node)) return [node];
    const { body } = node.expression.callee.body;
    // Code of a direct eval can tell.
    if (anyNode(body, isDirectEval)) return [node];
    // A return would end more than this module.
    return calls.length > 1 || node !== list.at(-1) ? (returnsItself(body) ? [node] : body) : body;
  });
}

const isModuleCall = (node: Node): boolean =>
  node.type === 'ExpressionStatement' &&
  node.expression.type === 'CallExpression' &&
  node.expression.callee.type === 'FunctionExpression' &&
  node.expression.callee.id?.name === MODULE_FUNCTION;

const isDirectEval = (node: Node): boolean =>
  node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'eval';

const returnsItself = (body: Node[]): boolean => anyNode(body, (n) => n.type === 'ReturnStatement', isFunction);

/**
 * Functions that run at most once: esbuild's CommonJS wrappers (`__commonJS({ "path"(exports, module) {…} })`, lazily called once)
 * and functions called where they stand at module level, outside of loops.
 */
function findSingletons(list: Node[]): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    if (!node || typeof node.type !== 'string') return;
    if (node.type === 'CallExpression') {
      const callee = node.callee;
      if (
        callee.type === 'Identifier' &&
        (callee.name === '__commonJS' || callee.name === '__esm') &&
        node.arguments[0]?.type === 'ObjectExpression'
      ) {
        for (const p of node.arguments[0].properties) {
          if (!isFunction(p.value)) continue;
          found.push(p.value);
          visit(p.value.body);
        }
        return;
      }
      const target =
        callee.type === 'MemberExpression' && !callee.computed && /^(call|apply)$/.test(callee.property.name ?? '')
          ? callee.object
          : callee;
      if (isFunction(target) && !target.async && !target.generator) {
        found.push(target);
        visit(target.body);
        for (const a of node.arguments) visit(a);
        return;
      }
    }
    if (isFunction(node) || isLoop(node) || isClass(node)) return;
    for (const child of children(node)) visit(child);
  };
  for (const node of list) visit(node);
  return found;
}

/** Blocks that a while or do-while repeats: scopes inside them exist more than once. */
function whileBodies(root: Node): Node[] {
  const found: Node[] = [];
  eachNode(root, (node) => {
    if (node.type === 'WhileStatement' || node.type === 'DoWhileStatement') found.push(node.body);
  });
  return found;
}

const topLevelAwaits = (list: Node[]): boolean =>
  anyNode(list, (node) => node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await), isFunction);

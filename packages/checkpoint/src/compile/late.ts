/**
 * Compiles one piece of text that a running guest made: the text of an eval, or of a function made by a constructor of functions
 * (docs/adr/0009). Pure: text in, text out; runs in a context of its own inside the guest's worker (guest/late-compiler.ts).
 *
 *   before:  for (var i = 0; i < 3; i++) f(i)
 *   after:   $$ff(function () { let $v; … for (i = 0; …) { $1 = f(i); … } return $v }, 812)      and: declares the global `i`
 *
 * It is not asked whether V8 accepts the text: what the parser here refuses is V8's to judge, and runs as it is.
 */
import * as acorn from 'acorn';
import { anyNode, isClass, isFunction, isLoop, type Node, statement } from './ast.js';
import { withCompletion } from './completion.js';
import { FunctionContext, type FunctionMeta, hasCall, ProgramContext } from './context.js';
import { type EvalSite, redeclared, surroundingsOf } from './direct-eval.js';
import { makeClosure } from './functions.js';
import { print } from './print.js';
import { analyzeProgram, isOurs, PSEUDO_ARGUMENTS, type Scope } from './scope.js';
import { buildTable, type SafepointTable } from './table.js';
import { touchFirst } from './touch-first.js';
import { noteHidden, noteSources } from './unknowns.js';

/** `function`: one function in parentheses. `eval`: a script. `direct`: code of a direct eval. */
export type LateForm = 'function' | 'eval' | 'direct';

export interface LateCode {
  /** The author's text: what Function.prototype.toString takes functions' texts from. */
  source: string;
  /** Makes the closure `fid`: what the constructor answers, or a function whose result is the value of the eval. */
  code: string;
  fid: number;
  metas: FunctionMeta[];
  table: SafepointTable;
  /** It was compiled for a place in the bundle, whose variables it may name. */
  inModule: boolean;
  /** Declares what a sloppy eval declares as properties of the global object, when run by V8's own eval; may be empty. */
  declarations: string;
  /** As a bundle's. */
  unknowns: string[];
}

/**
 * `plain`: runs as it is, exactly: it makes no functions, calls nothing and does not loop. `foreign`: runs as it is, because it cannot be
 * compiled; then what it makes cannot move. Of a direct eval: `refused`, a syntax error, with its text.
 */
export type LateResult = LateCode | 'plain' | 'foreign' | { refused: string };

export function compileLate(source: string, form: LateForm, firstFid: number, site?: EvalSite, hidden?: string[]): LateResult {
  let program: Node;
  try {
    program = (site ? new EvalParser(source, site).parse() : acorn.parse(source, PARSE)) as unknown as Node;
  } catch (error) {
    return site ? { refused: (error as Error).message } : 'foreign';
  }
  const closure = form === 'function' ? functionOf(program) : scriptFunction(program, source);
  if (closure === undefined) return 'foreign';
  if (site) {
    if (anyNode([program], (node) => node.type === 'WithStatement') || anyNode([program], callsSuper, hasOwnSuper))
      return 'foreign';
    return lower({ ...closure, type: 'ArrowFunctionExpression' }, source, form, firstFid, site, hidden);
  }
  if (isPlain(form === 'eval' ? program.body : [...closure.params, closure.body], form === 'function' && closure)) return 'plain';
  if (anyNode([program], (node) => node.type === 'WithStatement')) return 'foreign';
  return lower(closure, source, form, firstFid);
}

const PARSE = { ecmaVersion: 'latest', sourceType: 'script', locations: true, checkPrivateFields: false } as const;

/** A script that begins in the middle of a function. */
class EvalParser extends acorn.Parser {
  readonly #site: EvalSite;
  constructor(source: string, site: EvalSite) {
    super({ ...PARSE, allowSuperOutsideMethod: site.inMethod }, source);
    this.#site = site;
    // acorn's typings leave its state out.
    if (site.strict) (this as unknown as { strict: boolean }).strict = true;
  }
  get allowNewDotTarget(): boolean {
    return this.#site.inFunction || parsersOwn(this, 'allowNewDotTarget');
  }
  get allowDirectSuper(): boolean {
    return this.#site.inMethod || parsersOwn(this, 'allowDirectSuper');
  }
}

const callsSuper = (node: Node): boolean => node.type === 'CallExpression' && node.callee.type === 'Super';

/** Its `super()` is that of a class inside the code. */
const hasOwnSuper = (node: Node): boolean => isFunction(node) && node.type !== 'ArrowFunctionExpression';

/** What acorn itself would answer: of the functions and classes inside the code. */
const parsersOwn = (parser: object, name: 'allowNewDotTarget' | 'allowDirectSuper'): boolean =>
  Reflect.get(acorn.Parser.prototype, name, parser) as boolean;

/** What no frame of can be captured for longer than an instant, and what makes nothing with an identity. */
function isPlain(code: Node[], fn: Node | false): boolean {
  if (fn && (fn.async || fn.generator)) return false;
  return !anyNode(code, (node) => isFunction(node) || isClass(node) || isLoop(node)) && !code.some(hasCall);
}

function functionOf(program: Node): Node | undefined {
  const [only] = program.body;
  if (program.body.length !== 1 || only.type !== 'ExpressionStatement' || only.expression.type !== 'FunctionExpression')
    return undefined;
  // The name is no binding, unlike that of a function expression.
  return { ...only.expression, id: null };
}

function scriptFunction(program: Node, source: string): Node {
  let name = '$v';
  while (source.includes(name)) name += 'v';
  return {
    type: 'FunctionExpression',
    id: null,
    params: [],
    body: { type: 'BlockStatement', body: withCompletion(program.body, name), start: program.start, end: program.end },
    async: false,
    generator: false,
    expression: false,
    start: program.start,
    end: program.end,
    loc: program.loc,
  };
}

function lower(closure: Node, source: string, form: LateForm, firstFid: number, site?: EvalSite, hidden?: string[]): LateResult {
  const unknowns = noteSources(closure);
  const flat: Node = { type: 'Program', body: [statement(closure)], start: closure.start, end: closure.end };
  const isStrict = closure.body.body.some((s: Node) => s.directive === 'use strict');
  const isSloppyEval = form !== 'function' && !isStrict && !site?.strict;
  const surroundings = site && surroundingsOf(site);
  const declaresGlobals = isSloppyEval && !surroundings?.variables;
  const firstEnv = site ? Math.max(0, ...site.envs, ...site.scopes.map((s) => s.env ?? 0)) : 0;
  const analysis = analyzeProgram(flat, {
    strict: site?.strict ?? false,
    singletons: [],
    loopBodies: [],
    globalRoots: isSloppyEval ? [closure] : [],
    firstEnv,
    ...(surroundings && { surroundings, hiddenNames: new Set(hidden) }),
    ...(form === 'eval' && { script: closure }),
  });
  const facts = analysis.functions.get(closure)!;
  if (surroundings) {
    const twice = redeclared(analysis.evalVars.keys(), site!, surroundings);
    if (twice !== undefined) return { refused: `Identifier '${twice}' has already been declared` };
    for (let s: Scope | undefined = surroundings.scope; s; s = s.parent)
      if (s.bindings.get(PSEUDO_ARGUMENTS)?.home === 'native')
        return { refused: "'arguments' is not allowed in class field initializer or static initialization block" };
  }
  // A direct eval in it would see the arguments of the function that it became; names of ours would be found before globals.
  if (form === 'eval' && facts.usesArguments) return 'foreign';
  for (const name of analysis.free) if (isOurs(name) && (!isNote(name) || source.includes(name))) return 'foreign';
  const where = site?.where ?? 'code made at run time';
  const shared = new ProgramContext(analysis, source, new Map(), () => where, firstFid, firstEnv);
  const { envs, classEnv, isStatic } = site ?? { envs: [], classEnv: undefined, isStatic: false };
  const context = new FunctionContext(shared, analysis.root, 'sync', undefined, envs, classEnv, false, isStatic, false);
  context.homeEnv = site?.homeEnv;
  const made = makeClosure(closure, context, [], form === 'function' ? 'anonymous' : undefined);
  const root: Node = { type: 'Program', sourceType: 'script', body: [statement(made)] };
  touchFirst(root);
  noteHidden(root);
  const code = print(root).text;
  const table = buildTable(root, code, { fids: shared.fids, closureText: shared.closureText });
  const fid = made.arguments[1].value as number;
  const declarations = declaresGlobals ? declarationsOf(facts.scope) : '';
  return { source, code, fid, metas: shared.metas, table, inModule: site !== undefined, declarations, unknowns };
}

/** What unknowns.ts calls. */
const isNote = (name: string): boolean => /^\$\$(?:held|taken|marked|caught)$/.test(name);

function declarationsOf(scope: Scope): string {
  let text = '';
  for (const binding of scope.bindings.values())
    if (binding.home === 'global') text += binding.kind === 'function' ? `function ${binding.name}() {}` : `var ${binding.name};`;
  return text;
}

/** For the context it runs in: everything that goes in and out is text and numbers. Empty: plain; a dash: foreign; behind an `!`: refused. */
export function compileLateText(source: string, form: LateForm, firstFid: number, site: string, hidden: string): string {
  const result = compileLate(source, form, firstFid, site === '' ? undefined : (JSON.parse(site) as EvalSite), hidden.split(' '));
  if (typeof result === 'string') return result === 'plain' ? '' : '-';
  if ('refused' in result) return `!${result.refused}`;
  return JSON.stringify(result);
}

// For the same context: it is loaded from this file alone.
export { authorText } from './author-text.js';

/**
 * Compiles one piece of text that a running guest made: the text of an indirect eval, or of a function made by a constructor of functions
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
import { makeClosure } from './functions.js';
import { print } from './print.js';
import { analyzeProgram, isOurs } from './scope.js';
import { buildTable, type SafepointTable } from './table.js';

/** `function`: one function in parentheses. `eval`: a script. */
export type LateForm = 'function' | 'eval';

export interface LateCode {
  /** The author's text: what Function.prototype.toString takes functions' texts from. */
  source: string;
  /** Makes the closure `fid`: what the constructor answers, or a function whose result is the value of the eval. */
  code: string;
  fid: number;
  metas: FunctionMeta[];
  table: SafepointTable;
  /** Declares what a sloppy eval declares as properties of the global object, when run by V8's own eval; may be empty. */
  declarations: string;
}

/**
 * `plain`: runs as it is, exactly: it makes no functions, calls nothing and does not loop. `foreign`: runs as it is, because it cannot be
 * compiled; then what it makes cannot move.
 */
export type LateResult = LateCode | 'plain' | 'foreign';

export function compileLate(source: string, form: LateForm, firstFid: number): LateResult {
  let program: Node;
  try {
    program = acorn.parse(source, { ecmaVersion: 'latest', sourceType: 'script', locations: true }) as unknown as Node;
  } catch {
    return 'foreign';
  }
  const closure = form === 'eval' ? scriptFunction(program, source) : functionOf(program);
  if (closure === undefined) return 'foreign';
  if (isPlain(form === 'eval' ? program.body : [...closure.params, closure.body], form === 'function' && closure)) return 'plain';
  if (anyNode([program], (node) => node.type === 'WithStatement')) return 'foreign';
  return lower(closure, source, form, firstFid);
}

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

function lower(closure: Node, source: string, form: LateForm, firstFid: number): LateResult {
  const flat: Node = { type: 'Program', body: [statement(closure)], start: closure.start, end: closure.end };
  const isStrict = closure.body.body.some((s: Node) => s.directive === 'use strict');
  const declaresGlobals = form === 'eval' && !isStrict;
  const analysis = analyzeProgram(flat, {
    strict: false,
    singletons: [],
    loopBodies: [],
    globalRoots: declaresGlobals ? [closure] : [],
  });
  const facts = analysis.functions.get(closure)!;
  // The script's own frame has arguments and a home of ours; names of ours would be found before globals.
  if (form === 'eval' && facts.usesArguments) return 'foreign';
  for (const name of analysis.free) if (isOurs(name)) return 'foreign';
  const shared = new ProgramContext(analysis, source, new Map(), () => 'code made at run time', firstFid);
  const context = new FunctionContext(shared, analysis.root, 'sync', undefined, [], undefined, false, false, false);
  const made = makeClosure(closure, context, [], form === 'function' ? 'anonymous' : undefined);
  // Template objects belong to their place in the program: not made up here.
  if (shared.moduleStatements.length > 0) return 'foreign';
  const root: Node = { type: 'Program', sourceType: 'script', body: [statement(made)] };
  const code = print(root).text.trim().replace(/;$/, '');
  const table = buildTable(root, code, { fids: shared.fids, closureText: shared.closureText });
  const fid = made.arguments[1].value as number;
  return { source, code, fid, metas: shared.metas, table, declarations: declaresGlobals ? declarationsOf(facts.scope) : '' };
}

function declarationsOf(scope: ReturnType<typeof analyzeProgram>['root']['scope']): string {
  let text = '';
  for (const binding of scope.bindings.values())
    if (binding.home === 'global') text += binding.kind === 'function' ? `function ${binding.name}() {}` : `var ${binding.name};`;
  return text;
}

/** For the context it runs in: everything that goes in and out is text and numbers. Empty: plain; a dash: foreign. */
export function compileLateText(source: string, form: LateForm, firstFid: number): string {
  const result = compileLate(source, form, firstFid);
  if (typeof result === 'string') return result === 'plain' ? '' : '-';
  return JSON.stringify(result);
}

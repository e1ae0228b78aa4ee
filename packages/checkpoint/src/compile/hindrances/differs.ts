/** What runs otherwise than on plain node (docs/LIMITS.md), where a program's text shows it. */
import { anyNode, isFunction, type Node, patternNames } from '../ast.js';
import { MODULE_FUNCTION } from '../context.js';
import type { Finding, Inspection } from './index.js';
import type { ProgramText } from './text.js';

type Add = (node: Node, found: Finding) => void;

const differs = (rule: string, why: string, advice: string): Finding => ({ rule, effect: 'differs', why, advice });

export function findDifferences(inspection: Inspection, add: Add): void {
  const { text, isSloppy } = inspection;
  for (const node of text.nodes) {
    if (node.type === 'CallExpression' || node.type === 'NewExpression') lookAtCode(node, text, add);
    if (!isFunction(node)) continue;
    if (node.generator && anyNode(node.params, isFunction))
      add(node, differs('generator-parameters', 'this generator binds its parameters at the first next(), not when it is called', 'make functions in its body, not in its parameter list')); // biome-ignore format: one line
    if (isSloppy) lookAtArguments(node, inspection, add);
  }
  if (!isSloppy) lookAtSloppyModules(text, add);
}

/** Literal text of an eval or Function. Of code that is no literal nothing is known here. */
function lookAtCode(node: Node, text: ProgramText, add: Add): void {
  const { callee, arguments: given } = node;
  const isEval = node.type === 'CallExpression' && text.isGlobal(callee, 'eval');
  if (!isEval && !text.isGlobal(callee, 'Function')) return;
  const code = isEval ? given[0] : given.at(-1);
  const written = code?.type === 'Literal' ? String(code.value) : '';
  const advice = 'write it without with, super() and names such as $e1';
  if (isEval && /\b(?:with|super)\s*\(/.test(written))
    add(node, { rule: 'eval', effect: 'differs', why: 'this direct eval ends the program with exit code 126', advice });
  else if (/\bwith\s*\(|\$\$\w|\$e\d/.test(written))
    add(node, { rule: 'eval', effect: 'wait', why: 'while what this code makes is held', advice });
}

/** Sloppy functions whose `arguments` are read after a parameter was changed, or the other way round. */
function lookAtArguments(fn: Node, { text, lasting }: Inspection, add: Add): void {
  const facts = text.analysis.functions.get(fn);
  if (!facts?.usesArguments || facts.strict || !fn.params.every((param: Node) => param.type === 'Identifier')) return;
  const names = new Set(fn.params.flatMap((param: Node) => patternNames(param)).map(({ name }: Node) => name));
  const parameterOf = (node: Node) => {
    const binding = node.type === 'Identifier' && names.has(node.name) ? text.bindingOf(node) : undefined;
    return binding?.scope === facts.scope ? binding : undefined;
  };
  let changed: Node | undefined;
  let isCaptured = false;
  let lastRead = -1;
  for (const node of nodesOf(fn.body)) {
    if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') {
      const target = node.left ?? node.argument;
      const isElement = target.type === 'MemberExpression' && isArguments(target.object);
      const parameter = parameterOf(target);
      if (!parameter && !(isElement && names.size > 0)) continue;
      isCaptured ||= parameter?.captured === true;
      if (!(changed && changed.start < node.start)) changed = node;
    } else if (isArguments(node) && isWhole(node, text)) lastRead = Math.max(lastRead, node.start);
  }
  if (!changed || changed.start >= lastRead) return;
  const advice = 'do not change parameters of a function that uses arguments';
  if (isCaptured) add(changed, differs('arguments', 'arguments do not follow this parameter, which a closure uses', advice));
  else if (lasting.why(fn.body)) {
    const why = 'while this sloppy function runs, whose arguments follow its parameters';
    add(changed, { rule: 'arguments', effect: 'putOff', why, advice });
  }
}

const isArguments = (node: Node): boolean => node.type === 'Identifier' && node.name === 'arguments';

/** `arguments.length` tells nothing of parameters. */
const isWhole = (node: Node, text: ProgramText): boolean => {
  const parent = text.parentOf(node);
  return !(parent?.type === 'MemberExpression' && !parent.computed && parent.property.name === 'length');
};

function nodesOf(root: Node): Node[] {
  const found: Node[] = [];
  anyNode(
    [root],
    (node) => {
      found.push(node);
      return false;
    },
    (node) => isFunction(node) && node.type !== 'ArrowFunctionExpression',
  );
  return found;
}

/** In a program of both kinds CommonJS modules are strict, and names that nobody declared no longer make globals. */
function lookAtSloppyModules(text: ProgramText, add: Add): void {
  for (const node of text.nodes) {
    if (node.type !== 'AssignmentExpression' || node.left.type !== 'Identifier' || !text.isGlobal(node.left)) continue;
    const facts = text.analysis.functions.get(text.frameOf(node) as Node);
    if (!isInCommonJs(node, text) || isStrictByItself(node, text) || node.left.name in globalThis || !facts) continue;
    add(node, differs('strict-commonjs', `"${node.left.name}" was never declared: a ReferenceError, for CommonJS is strict in a program with ES modules`, 'declare it')); // biome-ignore format: one line
  }
}

/** esbuild: `__commonJS({ "file"(exports, module) { … } })`. */
const isInCommonJs = (node: Node, text: ProgramText): boolean => {
  for (let n = text.parentOf(node); n; n = text.parentOf(n))
    if (n.type === 'CallExpression' && n.callee.name === '__commonJS') return true;
  return false;
};

function isStrictByItself(node: Node, text: ProgramText): boolean {
  for (let n = text.parentOf(node); n; n = text.parentOf(n)) {
    if (/^Class/.test(n.type)) return true;
    if (isFunction(n) && n.id?.name !== MODULE_FUNCTION && n.body.body?.some((s: Node) => s.directive === 'use strict'))
      return true;
  }
  return false;
}

/**
 * The text that makes a captured class again: its heritage and computed keys come in as values, static fields and blocks are gone
 * (their effects are in the heap), static private fields start undefined and are filled from the image.
 *
 *   before:  class A extends base() { static { $$hook(…) } static n = f(); static #s = 1; [key()]() {…} }
 *   after:   class A extends $h { static { $$hook(…) } static #s = void 0; [$k[0]]() {…} }
 */
import * as acorn from 'acorn';
import type { Node } from '../compile/ast.js';
import type { FunctionRange } from '../compile/table.js';
import type { CodeText } from '../guest/code-unit.js';

/** A stretch of a class's text that was replaced. */
export interface ClassEdit {
  from: number;
  to: number;
  text: string;
}

export interface ClassText {
  text: string;
  /** By offsets of the bundle's code, ascending. */
  edits: ClassEdit[];
}

/** The text, and where it differs from the author's. */
export function remadeClassText(code: CodeText, range: FunctionRange): ClassText {
  const options: acorn.Options & { checkPrivateFields: boolean } = { ecmaVersion: 'latest', checkPrivateFields: false };
  const source = code.slice(range.start, range.end);
  const node: Node = acorn.parseExpressionAt(`(${source})`, 0, options);
  const edits: ClassEdit[] = [];
  if (node.superClass && node.superClass.type !== 'Literal')
    edits.push({ from: node.superClass.start, to: node.superClass.end, text: '$h' });
  let keys = 0;
  for (const element of node.body.body) {
    const index = element.computed ? keys++ : -1;
    if (element.type === 'StaticBlock') {
      if (!isHook(element)) edits.push({ from: element.start, to: element.end, text: '' });
      continue;
    }
    if (element.type === 'PropertyDefinition' && element.static) {
      const text = element.key.type === 'PrivateIdentifier' ? `static #${element.key.name};` : '';
      edits.push({ from: element.start, to: element.end, text });
      continue;
    }
    if (index >= 0) edits.push({ from: element.key.start, to: element.key.end, text: `$k[${index}]` });
  }
  edits.sort((a, b) => b.from - a.from);
  let text = source;
  // The parse stood in parentheses, one character further on.
  for (const e of edits) text = text.slice(0, e.from - 1) + e.text + text.slice(e.to - 1);
  // Offsets of the bundle from here on, ascending.
  const inBundle = edits.reverse().map((e) => ({ from: e.from - 1 + range.start, to: e.to - 1 + range.start, text: e.text }));
  return { text, edits: inBundle };
}

const isHook = (element: Node): boolean =>
  element.body.length === 1 &&
  element.body[0].type === 'ExpressionStatement' &&
  element.body[0].expression.callee?.name === '$$hook';

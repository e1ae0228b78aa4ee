/**
 * What Function.prototype.toString answers for a function of the bundle: its text in its author's file. The text before lowering is
 * esbuild's, which formats anew, renames and has no comments; its source map tells where the function begins in the author's file, and the
 * function that begins there says where it ends. Where none is found (a file in TypeScript) esbuild's text is given.
 */
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import * as acorn from 'acorn';
import { eachNode, isClass, isFunction, type Node } from './ast.js';
import { lineAndColumn, lineStarts } from './lines.js';
import { ofPrelude } from './prelude.js';

let last: { sourceMap: string; texts: AuthorTexts } | undefined;

/** Of the function from `start` to `end` in a bundle's text before lowering; empty when it stands in the place of a built-in. */
export function authorText(source: string, sourceMap: string, start: number, end: number): string {
  if (last?.sourceMap !== sourceMap) last = { sourceMap, texts: new AuthorTexts(source, sourceMap) };
  return last.texts.textOf(start, end);
}

class AuthorTexts {
  private readonly map: TraceMap;
  private readonly starts: number[];
  private readonly files = new Map<string, AuthorFile>();

  constructor(
    private readonly source: string,
    sourceMap: string,
  ) {
    this.map = new TraceMap(sourceMap);
    this.starts = lineStarts(source);
  }

  textOf(start: number, end: number): string {
    const written = withoutStatic(this.source.slice(start, end));
    const { line, column } = lineAndColumn(this.starts, start);
    const found = originalPositionFor(this.map, { line: line + 1, column });
    if (found.source === null) return written;
    if (ofPrelude.test(found.source)) return '';
    const text = this.map.sourcesContent?.[this.map.sources.indexOf(found.source)];
    if (!text) return written;
    let file = this.files.get(found.source);
    if (!file) this.files.set(found.source, (file = { starts: lineStarts(text), ends: functionsIn(text) }));
    const mapped = file.starts[found.line - 1]! + found.column;
    const from = file.ends.has(mapped) ? mapped : functionBehind(text, mapped);
    const to = file.ends.get(from);
    return to === undefined ? written : withoutStatic(text.slice(from, to));
  }
}

interface AuthorFile {
  /** Of its lines. */
  starts: readonly number[];
  /** Where each function begins, and ends. */
  ends: ReadonlyMap<number, number>;
}

/** `export default function …` is mapped where the statement begins. */
const functionBehind = (text: string, from: number): number =>
  from + (/^export\s+(default\s+)?/.exec(text.slice(from, from + 100))?.[0].length ?? 0);

/** A static method prints as the method alone. */
const withoutStatic = (text: string): string => text.replace(/^static\s+(?=[^\s(=;])/, '');

function functionsIn(text: string): Map<number, number> {
  const ends = new Map<number, number>();
  const program = parse(text);
  if (!program) return ends;
  eachNode(program, (node) => {
    // A method begins with its name, and the function in it behind that.
    const isMethod =
      node.type === 'MethodDefinition' || (node.type === 'Property' && (node.method || /^[gs]et$/.test(node.kind)));
    if (isMethod || isFunction(node) || isClass(node)) ends.set(node.start, node.end);
  });
  return ends;
}

function parse(text: string): Node | undefined {
  for (const sourceType of ['module', 'script'] as const)
    try {
      return acorn.parse(text, {
        ...{ ecmaVersion: 'latest', sourceType, allowHashBang: true, allowReturnOutsideFunction: true },
      }) as unknown as Node; // acorn's nodes have the fields that ours name
    } catch {}
  return undefined;
}

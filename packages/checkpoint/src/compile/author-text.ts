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
  /** By source, where each function begins and ends. */
  private readonly ends = new Map<string, Map<number, number>>();

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
    let ends = this.ends.get(found.source);
    if (!ends) this.ends.set(found.source, (ends = functionsIn(text)));
    const from = lineStarts(text)[found.line - 1]! + found.column;
    const to = ends.get(from) ?? ends.get(functionBehind(text, from));
    if (to === undefined) return written;
    const begin = ends.has(from) ? from : functionBehind(text, from);
    return withoutStatic(text.slice(begin, to));
  }
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
    if (isFunction(node) || isClass(node)) ends.set(node.start, node.end);
  });
  // A method is a function that begins with its name.
  eachNode(program, (node) => {
    const isMethod =
      node.type === 'MethodDefinition' || (node.type === 'Property' && (node.method || /^[gs]et$/.test(node.kind)));
    if (isMethod) ends.set(node.start, node.end);
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

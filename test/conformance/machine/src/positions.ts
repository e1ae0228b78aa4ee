/**
 * Where a debugger can stop a guest exactly at a safepoint. V8 looks for interrupts at function entries and loop back edges, where no
 * breakpoint can stand; the nearest places of the same meaning are the first statement of a function and the test of a loop (or the first
 * statement of its body), at which everything is as it was at the safepoint. Each position says what V8 would have reported instead.
 */
import type { Bundle, FunctionRange, Label } from '@godwit/checkpoint/compile';
import { children, type Node } from '../../../../packages/checkpoint/dist/compile/ast.js';
import { lineAndColumn, lineStarts } from '../../../../packages/checkpoint/dist/compile/lines.js';
import { entryOf, parsePrinted } from '../../../../packages/checkpoint/dist/compile/table.js';
import { BundlePlaces } from '../../../../packages/runtime/dist/guest/places.js';

export interface Position {
  /** Where the breakpoint is asked for, and the range in which it must come to stand. */
  from: number;
  to: number;
  /** The offset that V8 reports at the safepoint itself. */
  report: number;
  kind: 'entry' | 'loop';
  /** Scopes that begin behind this offset do not exist yet at the safepoint. */
  scopesBefore: number;
}

/** A position and what a worker needs to put a breakpoint there. */
export interface Mark {
  position: Position;
  /** Is it in the author's code, or in the runtime's that is compiled with it? */
  isAuthors: boolean;
}

/** A bundle that brings its marks: finding them takes longer than many programs run. */
export type MarkedBundle = Bundle & { marks: Mark[] };

export function markBundle(bundle: Bundle): MarkedBundle {
  const { labels, functions } = bundle.table;
  const tables = {
    labels: new Map(labels.map((label) => [label.at, label])),
    functions: new Map(functions.map((fn) => [fn.fid, fn])),
  };
  const starts = lineStarts(bundle.code);
  const places = new BundlePlaces(bundle);
  const marks = positionsOf(parsePrinted(bundle.code), tables).map((position): Mark => {
    const { line, column } = lineAndColumn(starts, position.from);
    return { position, isAuthors: places.at(line, column) !== undefined };
  });
  return { ...bundle, marks };
}

interface Tables {
  labels: ReadonlyMap<number, Label>;
  functions: ReadonlyMap<number, FunctionRange>;
}

const isLoop = (node: Node): boolean => /^(For|While|DoWhile|ForIn|ForOf)Statement$/.test(node.type);
const isFunction = (node: Node): boolean => /^(Function|ArrowFunction)/.test(node.type);
const isInside = (at: number, node: Node | null | undefined): boolean => !!node && node.start <= at && at < node.end;
/** Is `at` in a part that the loop repeats? */
const repeats = (loop: Node, at: number): boolean =>
  isInside(at, loop.test) || isInside(at, loop.update) || isInside(at, loop.body);

/** The positions of one script, given its syntax tree and its table. */
export function positionsOf(parsed: Node, { labels, functions }: Tables): Position[] {
  const nodes: Node[] = [];
  const work = [parsed];
  for (let node = work.pop(); node; node = work.pop()) {
    nodes.push(node);
    work.push(...children(node));
  }
  const loops = nodes.filter(isLoop);
  const functionNodes = nodes.filter(isFunction);
  const inFunctionWithin = (at: number, from: number): boolean =>
    functionNodes.some((fn) => fn.start > from && isInside(at, fn.body));
  const found: Position[] = [];
  for (const range of functions.values()) {
    if (!range.entry) continue;
    const [from, to] = range.entry;
    if (loops.some((loop) => loop.start >= range.start && repeats(loop, from))) continue;
    let report = from;
    while (report < to && (labels.has(report) || inFunctionWithin(report, from))) report++;
    if (report < to) found.push({ from, to: endOfOwn(functionNodes, from, to), report, kind: 'entry', scopesBefore: from });
  }
  for (const loop of loops) {
    const label = labels.get(loop.start);
    if (label?.kind !== 'loop') continue;
    const hasTest = loop.test && loop.test.type !== 'Literal' && loop.type !== 'DoWhileStatement';
    const place = hasTest ? ([loop.test.start, loop.test.end] as const) : entryOf(loop.body);
    if (!place) continue;
    if (loops.some((inner) => inner.start > loop.start && isInside(inner.start, loop) && repeats(inner, place[0]))) continue;
    const [from, to] = place;
    const { start } = loop;
    found.push({ from, to: endOfOwn(functionNodes, from, to), report: start, kind: 'loop', scopesBefore: start });
  }
  return found;
}

/** The end of what belongs to the function around `from` itself. */
function endOfOwn(functionNodes: readonly Node[], from: number, to: number): number {
  let end = to;
  for (const fn of functionNodes) if (fn.start >= from && fn.start < end) end = Math.max(from + 1, fn.start);
  return end;
}

/**
 * What in a program would keep it from being captured, or makes it run otherwise than on plain node, found in its text, with the author's
 * file, line and column. It runs nothing and knows few values: it names what is written there, and cannot see what is reached through other
 * names. The limits that it looks for are docs/LIMITS.md's; what a built-in of Node does to a capture is for the runtime to say: HindrancePolicy.
 */
import path from 'node:path';
import { LEAST_UPPER_BOUND, originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import * as acorn from 'acorn';
import type { Node } from '../ast.js';
import type { Bundle } from '../index.js';
import { findCalls } from './calls.js';
import { findDifferences } from './differs.js';
import { findFrames } from './frames.js';
import { Lasting } from './lasting.js';
import { findUses } from './modules.js';
import { ProgramText } from './text.js';

/** pin: cannot move from then on; wait: cannot move until it has ended; putOff: captured a little later; differs: runs otherwise than in node. */
export type HindranceEffect = 'pin' | 'wait' | 'putOff' | 'differs';

/** The worst first. */
export const hindranceEffects: readonly HindranceEffect[] = ['pin', 'wait', 'putOff', 'differs'];

export interface Finding {
  /** Stays the same from version to version. */
  readonly rule: string;
  readonly effect: HindranceEffect;
  readonly why: string;
  readonly advice: string;
}

export interface Hindrance extends Finding {
  readonly file: string;
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The npm package that the file belongs to; null: the author's own. */
  readonly package: string | null;
}

export interface NodeCall {
  /** Its last argument is seen to be a function. */
  readonly givesCallback: boolean;
}

export interface HindrancePolicy {
  /** A built-in module that is imported, by its name without `node:`. */
  module(name: string): Finding | undefined;
  /** Something of Node that is used: `node:fs.readFile`, `node:fs/promises.stat`, `process.stdin`; with `call` where it is called. */
  use(name: string, call: NodeCall | undefined): Finding | undefined;
  /** What a call of it gives is an object that cannot move: said where it is held. */
  gives(name: string): Finding | undefined;
  /** Is this file part of the program, or of what Godwit adds to each? */
  isProgram(file: string): boolean;
}

export interface Inspection {
  readonly text: ProgramText;
  readonly lasting: Lasting;
  /** CommonJS only: functions are sloppy unless they say otherwise. */
  readonly isSloppy: boolean;
}

/** The worst first, the author's own before packages', then by file, line and column; each once. */
export function findHindrances(bundle: Bundle, policy: HindrancePolicy): Hindrance[] {
  const program: Node = acorn.parse(bundle.source, {
    ecmaVersion: 'latest',
    sourceType: bundle.sloppy ? 'script' : 'module',
    locations: true,
    allowReturnOutsideFunction: true,
    allowHashBang: true,
  }) as unknown as Node; // acorn's nodes have the fields that ours name
  const text = new ProgramText(program, !bundle.sloppy);
  const inspection = { text, lasting: new Lasting(text), isSloppy: bundle.sloppy };
  const list = new Hindrances(bundle, policy);
  const add = (node: Node, finding: Finding) => list.add(node, finding);
  findUses(inspection, policy, add);
  findFrames(inspection, add);
  findCalls(inspection, add);
  findDifferences(inspection, add);
  return list.sorted();
}

class Hindrances {
  readonly #map: TraceMap;
  readonly #found = new Map<string, Hindrance>();

  constructor(
    private readonly bundle: Bundle,
    private readonly policy: HindrancePolicy,
  ) {
    this.#map = new TraceMap(bundle.sourceMap);
  }

  add(node: Node, { rule, effect, why, advice }: Finding): void {
    if (!node.loc) return;
    const { line, column } = node.loc.start;
    let at = originalPositionFor(this.#map, { line, column });
    // esbuild puts things of its own in front of calls.
    if (at.source === null) at = originalPositionFor(this.#map, { line, column, bias: LEAST_UPPER_BOUND });
    if (at.source === null) return;
    const file = path.resolve(path.dirname(this.bundle.entry), at.source);
    if (!this.policy.isProgram(file)) return;
    const place = { file, line: at.line, column: at.column + 1, package: packageOf(file) };
    const key = `${file}:${at.line} ${rule} ${why}`;
    if (!this.#found.has(key)) this.#found.set(key, { rule, effect, why, advice, ...place });
  }

  sorted(): Hindrance[] {
    const rank = (h: Hindrance) => hindranceEffects.indexOf(h.effect);
    return [...this.#found.values()].sort(
      (a, b) =>
        rank(a) - rank(b) ||
        Number(a.package !== null) - Number(b.package !== null) ||
        compare(a.file, b.file) ||
        a.line - b.line ||
        a.column - b.column,
    );
  }
}

const compare = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

/** `@scope/name` or `name` of the innermost package around a file. */
function packageOf(file: string): string | null {
  const parts = file.split(path.sep);
  const at = parts.lastIndexOf('node_modules');
  const name = at < 0 ? undefined : parts[at + 1];
  if (name === undefined) return null;
  return name.startsWith('@') ? `${name}/${parts[at + 2]}` : name;
}

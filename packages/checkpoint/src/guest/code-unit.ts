/**
 * A unit of guest code: the bundle, or code made at run time. Offsets of all units of a realm are of one space, and so are function ids: a
 * unit's begin where the one before ended, so a label or a range says by itself which unit it belongs to.
 */
import type { FunctionMeta } from '../compile/index.js';
import type { LateCode } from '../compile/late.js';
import type { FunctionRange, Label, SafepointTable } from '../compile/table.js';

/** Code by offsets of the realm's space. */
export interface CodeText {
  slice(from: number, to: number): string;
}

export interface CodeUnit {
  readonly code: CodeText;
  readonly metas: readonly FunctionMeta[];
  readonly table: SafepointTable;
  /** Runs code where the unit's names are visible. */
  evaluate(code: string): unknown;
}

/** Evaluates code where V8's own `eval` has its name. */
export type Hook = (code: string) => unknown;

/** Takes what is to run when a restore has given all objects their contents. */
export type Later = (step: () => void) => void;
/** For what is made in no restore. */
export const atOnce: Later = (step) => step();

const { parse } = JSON;

/** Code made at run time, as it travels in images: with its compiled form, so that labels and function ids mean the same everywhere. */
export class LateUnit implements CodeUnit {
  readonly code: CodeText;
  readonly metas: readonly FunctionMeta[];
  readonly table: SafepointTable;
  readonly source: string;
  readonly fid: number;
  readonly declarations: string;
  readonly inModule: boolean;
  readonly length: number;
  readonly unknowns: readonly string[];
  /** Template objects of its tagged templates, by number. */
  templates: Record<number, object> = {};
  private readonly hooks: { module: Hook; late: Hook };

  constructor(
    /** JSON of a LateCode. */
    readonly text: string,
    readonly firstFid: number,
    readonly base: number,
    hooks: { module: Hook; late: Hook },
  ) {
    this.hooks = hooks;
    const late = parse(text) as LateCode;
    const { code } = late;
    this.code = { slice: (from, to) => code.slice(Math.max(0, from - base), to - base) };
    this.metas = late.metas;
    this.table = moved(late.table, base);
    this.source = late.source;
    this.fid = late.fid;
    this.declarations = late.declarations;
    this.inModule = late.inModule;
    this.length = code.length;
    this.unknowns = late.unknowns;
  }

  evaluate(code: string): unknown {
    return this.inModule ? this.hooks.module(code) : this.hooks.late(code);
  }
}

type Range = [number, number];

function moved({ labels, functions }: SafepointTable, by: number): SafepointTable {
  const range = (r: Range): Range => [r[0] + by, r[1] + by];
  const optional = (r: Range | undefined): Range | undefined => r && range(r);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as Label;
    label.at += by;
    label.statement += by;
  }
  for (let i = 0; i < functions.length; i++) {
    const f = functions[i] as FunctionRange;
    f.start += by;
    f.end += by;
    f.entry = optional(f.entry);
    f.text = optional(f.text);
    for (const name in f.temps) f.temps[name] = range(f.temps[name]!);
    for (let p = 0; p < f.passable.length; p++) f.passable[p] = range(f.passable[p]!);
  }
  return { labels, functions };
}

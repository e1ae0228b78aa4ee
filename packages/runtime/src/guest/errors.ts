/**
 * Guest errors show the author's file and line: stack frames of the compiled code are mapped through our table and esbuild's map,
 * frames of the runtime are left out, and an uncaught error is printed as Node prints it.
 */
import fs from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Bundle, FunctionMeta, FunctionRange } from '@godwit/checkpoint/compile';
import {
  keepingLastMatch,
  labelBefore,
  lineAndColumn,
  MODULE_FUNCTION,
  type Realm,
  withOriginals,
} from '@godwit/checkpoint/guest';
import { BundlePlaces, type Place } from './places.js';

interface Printed {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A stack frame of guest code as its author knows it. */
export interface AuthorFrame {
  readonly place: Place;
  /** The name of the async function whose body this is; the function V8 sees there has none. */
  readonly bodyOf: string | undefined;
}

/** Maps positions of a guest's scripts to the author's files. */
export class SourcePlaces {
  private readonly places: BundlePlaces;

  constructor(
    private readonly bundle: Bundle,
    private readonly realm: () => Realm,
  ) {
    this.places = new BundlePlaces(bundle);
  }

  /** The author's frame at a one-based line and column of a guest script; undefined for what the compiler or the runtime put there. */
  find(url: string, line: number, column: number): AuthorFrame | undefined {
    const printed = this.inBundle(url, line - 1, column - 1);
    if (!printed || /^\$\$(spawn|agen)\b/.test(this.bundle.code.slice(printed.offset, printed.offset + 8))) return undefined;
    const place = this.places.at(printed.line, printed.column);
    return place && { place, bodyOf: this.bodyOf(printed.offset) };
  }

  /** Is this a position in code that the guest made at run time? It has no file. */
  isLate(url: string, line: number, column: number): boolean {
    const label = this.labelBefore(url, line - 1, column - 1);
    return label !== undefined && label.statement >= this.bundle.code.length;
  }

  /** Innermost first, the ranges around a position are the function and, for an async body, the function that was written. */
  private bodyOf(offset: number): string | undefined {
    const { functions } = this.bundle.table;
    let inner: FunctionRange | undefined;
    let outer: FunctionRange | undefined;
    for (let i = 0; i < functions.length; i++) {
      const range = functions[i]!;
      if (range.start > offset || offset >= range.end) continue;
      if (!inner || range.start > inner.start) {
        outer = inner;
        inner = range;
      } else if (!outer || range.start > outer.start) outer = range;
    }
    return this.metaOf(inner)?.kind === 'body' ? this.metaOf(outer)?.name : undefined;
  }

  private metaOf(range: FunctionRange | undefined): FunctionMeta | undefined {
    const { metas } = this.bundle;
    for (let i = 0; i < metas.length; i++) if (metas[i]!.fid === range?.fid) return metas[i];
    return undefined;
  }

  private inBundle(url: string, line: number, column: number): Printed | undefined {
    const bundle = this.realm().scriptTable(this.realm().scriptName);
    const table = this.realm().scriptTable(url);
    if (!table || !bundle) return undefined;
    if (table === bundle) return { line, column, offset: bundle.lineStarts[line]! + column };
    const best = this.labelBefore(url, line, column);
    if (!best || best.statement >= this.bundle.code.length) return undefined;
    return { ...lineAndColumn(bundle.lineStarts, best.statement), offset: best.statement };
  }

  /** Of remade and resumed code, and of code made at run time: the nearest label before a position stands for it. */
  private labelBefore(url: string, line: number, column: number): { statement: number } | undefined {
    const table = this.realm().scriptTable(url);
    return table && labelBefore(table, table.lineStarts[line]! + column);
  }
}

/** Installs the stack formatter: V8's own format, with the author's places. */
const { apply } = Reflect;
const { toString: errorText } = Error.prototype;

export function installStackFormatter(places: SourcePlaces, esm: boolean): void {
  const headerOf = (error: Error): string => {
    try {
      return apply(errorText, error, []);
    } catch {
      return 'Error';
    }
  };
  const format = (header: string, sites: NodeJS.CallSite[]): string => {
    // By index: the guest's own Array.prototype is none of ours.
    const lines: string[] = [];
    let isInModule = false;
    let hasGuests = false;
    for (let i = 0; i < sites.length; i++) {
      const site = sites[i]!;
      hasGuests ||= isGuestSite(site);
      isInModule ||= site.getFunctionName() === MODULE_FUNCTION;
      const line = lineOf(site, sites[i + 1], places, esm);
      if (line !== undefined) lines[lines.length] = line;
    }
    // An error of the runtime itself has no guest frames: its own are what is wanted.
    if (!hasGuests) return stackText(header, sites);
    const endsWith = (pattern: RegExp): boolean => lines.length > 0 && pattern.test(lines[lines.length - 1]!);
    while (endsWith(/node:(vm|internal|events)|<anonymous>\)?$/)) lines.length--;
    // The call of the function that commonjs.ts put around the program's text.
    if (isInModule && endsWith(/:1:1\)?$/)) lines.length--;
    return stackText(header, lines);
  };
  const value = (error: Error, sites: NodeJS.CallSite[]): string => {
    // Which may call the guest's code.
    const header = headerOf(error);
    return withOriginals(() => keepingLastMatch(() => format(header, sites)));
  };
  Object.defineProperty(Error, 'prepareStackTrace', { value, writable: true, enumerable: false, configurable: true });
}

function stackText(header: string, frames: readonly unknown[]): string {
  let text = header;
  for (let i = 0; i < frames.length; i++) text += `\n    at ${frames[i]}`;
  return text;
}

/** Code that is evaluated (remade, resumed, made at run time) has no file, but a name of its own. */
const urlOf = (site: NodeJS.CallSite): string => site.getScriptNameOrSourceURL() ?? '';

const isGuestSite = (site: NodeJS.CallSite): boolean => urlOf(site).startsWith('godwit-');

function lineOf(
  site: NodeJS.CallSite,
  caller: NodeJS.CallSite | undefined,
  places: SourcePlaces,
  esm: boolean,
): string | undefined {
  const url = urlOf(site);
  if (isGuestSite(site)) {
    const [atLine, atColumn] = [site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1];
    const frame = places.find(url, atLine, atColumn);
    // V8 also tells where such code was made.
    if (!frame) return places.isLate(url, atLine, atColumn) ? `${nameOf(site, esm) ?? 'eval'} (<anonymous>)` : undefined;
    const { file, line, column } = frame.place;
    const name = frame.bodyOf ?? nameOf(site, esm);
    const at = `${esm && !file.startsWith('node:') ? pathToFileURL(file).href : file}:${line}:${column}`;
    return name ? `${name} (${at})` : at;
  }
  // A native function that the runtime called, such as the step of an async body, is none of the author's.
  const isOurs = caller !== undefined && (caller.getFileName() ?? '').startsWith('file:');
  return (url === '' && !isOurs) || url.startsWith('node:') ? String(site) : undefined;
}

/** As V8 names a frame. */
function nameOf(site: NodeJS.CallSite, esm: boolean): string | undefined {
  const name = site.getFunctionName();
  if (name === MODULE_FUNCTION) return 'Object.<anonymous>';
  if (name === '$main') return esm ? undefined : 'Object.<anonymous>';
  if (site.isConstructor()) return `new ${name || '<anonymous>'}`;
  if (site.isToplevel()) return name ?? undefined;
  const type = site.getTypeName();
  const method = site.getMethodName();
  if (!name) return type ? `${type}.${method ?? '<anonymous>'}` : undefined;
  const whole = type && !name.startsWith(type) ? `${type}.${name}` : name;
  return method && !whole.endsWith(method) ? `${whole} [as ${method}]` : whole;
}

/** The text Node prints for an error that nobody caught. */
export function uncaughtText(error: unknown, esm: boolean): string {
  const trailer = `\n\nNode.js ${process.version}\n`;
  if (!(error instanceof Error) && !(typeof error === 'object' && error !== null && 'stack' in error)) {
    return `Uncaught:\n${inspect(error)}\n(Use \`node --trace-uncaught ...\` to show where the exception was thrown)${trailer}`;
  }
  const stack = String((error as Error).stack);
  const match = /\(?((?:file:\/\/)?\/[^():]+):(\d+):(\d+)\)?/.exec(stack);
  let head = '';
  if (match) {
    const file = match[1]!.startsWith('file:') ? fileURLToPath(match[1]!) : match[1]!;
    try {
      const text = fs.readFileSync(file, 'utf8').split('\n')[Number(match[2]) - 1] ?? '';
      const caret = `${text.slice(0, Number(match[3]) - 1).replace(/[^\t]/g, ' ')}^`;
      head = `${esm ? pathToFileURL(file).href : file}:${match[2]}\n${text}\n${caret}\n\n`;
    } catch {
      // the source may not be on this machine; the stack alone will do
    }
  }
  return `${head}${inspect(error)}${trailer}`;
}

/**
 * Guest errors show the author's file and line: stack frames of the compiled code are mapped through our table and esbuild's map,
 * frames of the runtime are left out, and an uncaught error is printed as Node prints it.
 */
import fs from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Realm } from '@godwit/checkpoint/guest';
import { BundlePlaces, type Place } from './places.js';

/** Maps positions of a guest's scripts to the author's files. */
export class SourcePlaces {
  private readonly places: BundlePlaces;

  constructor(
    bundle: Bundle,
    private readonly realm: () => Realm,
  ) {
    this.places = new BundlePlaces(bundle);
  }

  /** The author's place of a one-based line and column of a guest script, or undefined for the runtime's own. */
  find(url: string, line: number, column: number): Place | undefined {
    const printed = this.inBundle(url, line - 1, column - 1);
    return printed && this.places.at(printed.line, printed.column);
  }

  private inBundle(url: string, line: number, column: number): { line: number; column: number } | undefined {
    if (url === this.realm().scriptName) return { line, column };
    const table = this.realm().scriptTable(url);
    const bundle = this.realm().scriptTable(this.realm().scriptName);
    if (!table || !bundle) return undefined;
    const offset = table.lineStarts[line]! + column;
    // Resumed code: the nearest label before the position stands for it.
    let best: { at: number; statement: number } | undefined;
    for (const label of table.labels.values()) if (label.at <= offset && (!best || label.at > best.at)) best = label;
    if (!best) return undefined;
    const starts = bundle.lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= best.statement) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: best.statement - starts[low]! };
  }
}

/** Installs the stack formatter: V8's own format, with the author's places. */
export function installStackFormatter(places: SourcePlaces, esm: boolean): void {
  const show = (file: string) => (esm && !file.startsWith('node:') ? pathToFileURL(file).href : file);
  const format = (error: Error, sites: NodeJS.CallSite[]): string => {
    let header: string;
    try {
      header = Error.prototype.toString.call(error);
    } catch {
      header = 'Error';
    }
    const lines: string[] = [];
    for (const site of sites) {
      const url = site.getFileName() ?? '';
      if (url.startsWith('godwit-')) {
        const place = places.find(url, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1);
        if (!place) continue;
        const name = nameOf(site);
        const at = `${show(place.file)}:${place.line}:${place.column}`;
        lines.push(`\n    at ${name ? `${name} (${at})` : at}`);
      } else if (url.startsWith('node:') || url === '') lines.push(`\n    at ${site}`);
    }
    while (/node:(vm|internal|events)|<anonymous>\)?$/.test(lines.at(-1) ?? '') && lines.length > 0) lines.pop();
    // An error of the runtime itself has no guest frames: its own are what is wanted.
    if (!sites.some((site) => (site.getFileName() ?? '').startsWith('godwit-')))
      return header + sites.map((site) => `\n    at ${site}`).join('');
    return header + lines.join('');
  };
  Object.defineProperty(Error, 'prepareStackTrace', { value: format, writable: true, enumerable: false, configurable: true });
}

function nameOf(site: NodeJS.CallSite): string | undefined {
  const fn = site.getFunctionName();
  if (fn === '$main' || fn === null || fn === undefined) return undefined;
  const type = site.getTypeName();
  const method = site.getMethodName();
  if (site.isConstructor()) return `new ${fn}`;
  if (type && type !== 'Object' && type !== 'global' && !site.isToplevel() && method)
    return fn.startsWith(`${type}.`) ? fn : `${type}.${fn}`;
  return fn;
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

/**
 * Authors' CommonJS modules, put into a function before esbuild sees them, as Node does: esbuild makes every `let` and `const` at the top
 * of a module a `var`, and `this` there whatever `exports` is at the moment. program.ts takes the function away again where nothing in the
 * module can tell (no `this`, no `arguments`).
 *
 * Node's own parser reads the text first, so that early errors are those of node; esbuild drops unused statements with theirs.
 */
import path from 'node:path';
import vm from 'node:vm';
import { decodedMap, encodedMap, TraceMap } from '@jridgewell/trace-mapping';
import * as acorn from 'acorn';
import { anyNode, type Node } from './ast.js';
import { MODULE_FUNCTION } from './context.js';

export interface WrappedModule {
  prefix: string;
  suffix: string;
}

export interface EarlyError {
  text: string;
  line: number;
}

const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
const saysModule = /\b(import|export|await)\b|import\.meta/;

/**
 * What to put around a module's text; undefined for what is no CommonJS.
 * `isModule`: package.json says so. Text that only an ES module may have makes a plain `.js` file one, as in Node.
 */
export function wrapCommonJs(file: string, text: string): WrappedModule | EarlyError | undefined {
  const body = text.replace(/^#!/, '//');
  try {
    vm.compileFunction(body, PARAMETERS, { filename: file });
  } catch (error) {
    const { message, stack } = error as Error;
    const mayBeModule = !file.endsWith('.cjs') && (saysModule.test(message) || /^\s*(import|export)\b/m.test(text));
    const line = Number(/:(\d+)\n/.exec(stack ?? '')?.[1] ?? 1);
    return mayBeModule ? undefined : { text: message, line };
  }
  // The code of a direct eval may say all of them.
  const seen = /\beval\s*\(/.test(body)
    ? { this: true, arguments: true }
    : /\b(this|arguments)\b/.test(body)
      ? ownWords(body)
      : undefined;
  const given = seen?.arguments ? `.call(this, ${PARAMETERS.join(', ')})` : seen?.this ? '.call(this)' : '()';
  return { prefix: `(function ${MODULE_FUNCTION}() {`, suffix: `\n})${given};` };
}

/** Does the module's own code, apart from its functions, say `this` or `arguments`? */
function ownWords(text: string): { this: boolean; arguments: boolean } {
  const options: acorn.Options = { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true };
  let program: Node;
  try {
    program = acorn.parse(text, options);
  } catch {
    return { this: true, arguments: false }; // new syntax: esbuild may know it
  }
  const hasOwn = (n: Node): boolean =>
    n.type === 'FunctionExpression' || n.type === 'FunctionDeclaration' || /^Class/.test(n.type);
  return {
    this: anyNode([program], (n) => n.type === 'ThisExpression', hasOwn),
    arguments: anyNode([program], (n) => n.type === 'Identifier' && n.name === 'arguments', hasOwn),
  };
}

/** Takes what was put in front of the modules' first lines out of a source map again. `texts`: by absolute path, the text as it was, and how much longer its first line became. */
export function unwrapMap(
  map: string,
  folder: string,
  texts: ReadonlyMap<string, { text: string; prefixLength: number }>,
): string {
  const traced = new TraceMap(map);
  const decoded = decodedMap(traced);
  const known = decoded.sources.map((source) => (source === null ? undefined : texts.get(path.resolve(folder, source))));
  const lines = known.map((module) => module?.text.split('\n').length);
  const mappings = decoded.mappings.map((line) =>
    line.filter((segment) => {
      const module = segment.length > 1 ? known[segment[1]!] : undefined;
      if (!module) return true;
      if (segment[2] === 0) segment[3] = Math.max(0, segment[3]! - module.prefixLength);
      return segment[2]! < lines[segment[1]!]!; // what stands behind the text is not the author's
    }),
  );
  const sourcesContent = decoded.sources.map((_, i) => known[i]?.text ?? decoded.sourcesContent?.[i] ?? null);
  return JSON.stringify(encodedMap(new TraceMap({ ...decoded, mappings, sourcesContent })));
}

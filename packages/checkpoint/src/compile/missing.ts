/**
 * Modules that are not there. A static import of one ends a program before it begins, in Node too; a `require` or `import()` finds out when
 * it runs, if it ever does: packages ask for optional ones. esbuild refuses them all, so what it refused is left to run time in another
 * attempt. Knowing them by importer and specifier alone, this resolves nothing itself.
 */
import path from 'node:path';
import type { BuildFailure, ImportKind, Plugin } from 'esbuild';

const foundWhenRun: ReadonlySet<ImportKind> = new Set(['require-call', 'require-resolve', 'dynamic-import']);
const keyOf = (importer: string, specifier: string): string => `${importer}\0${specifier}`;

export class MissingModules {
  readonly #known = new Set<string>();

  /** Notes what a build could not resolve; false if there was nothing new. `folder`: what the report's file names begin at. */
  learn({ errors = [] }: Partial<BuildFailure>, folder: string): boolean {
    const before = this.#known.size;
    for (const { text, location } of errors) {
      const specifier = /^Could not resolve "(.*)"/.exec(text)?.[1];
      if (specifier !== undefined && location) this.#known.add(keyOf(path.resolve(folder, location.file), specifier));
    }
    return this.#known.size > before;
  }

  readonly plugin: Plugin = {
    name: 'missing-modules',
    setup: (b) => {
      b.onResolve({ filter: /.*/ }, ({ path: specifier, importer, kind }) =>
        foundWhenRun.has(kind) && this.#known.has(keyOf(importer, specifier)) ? { path: specifier, external: true } : undefined,
      );
    },
  };
}

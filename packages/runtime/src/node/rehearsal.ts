/**
 * The bundle that spare workers rehearse with (guest-lib/rehearsal.mjs), compiled once for a user on a machine and kept beside the
 * other compiled bundles. The program is plain JavaScript without imports, so no bundler runs.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bundle } from '@godwit/checkpoint/compile';

const program = fileURLToPath(new URL('../../guest-lib/rehearsal.mjs', import.meta.url));
const noMap = JSON.stringify({ version: 3, sources: [], names: [], mappings: '' });

/** @throws what compileText throws */
export async function rehearsalBundle(cacheFolder: string): Promise<Bundle> {
  // Loaded only here: a daemon needs no compiler otherwise.
  const { COMPILER_VERSION, compileText } = await import('@godwit/checkpoint/compile');
  const text = readFileSync(program, 'utf8');
  const major = process.versions.node.split('.')[0];
  const key = createHash('sha256').update(`${COMPILER_VERSION}\0${major}\0${text}`).digest('hex').slice(0, 32);
  const cached = join(cacheFolder, `rehearsal-${key}.json`);
  if (existsSync(cached)) return JSON.parse(readFileSync(cached, 'utf8')) as Bundle;
  const bundle = compileText(program, text, noMap, false);
  mkdirSync(cacheFolder, { recursive: true, mode: 0o700 });
  const draft = `${cached}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(bundle));
  renameSync(draft, cached);
  return bundle;
}

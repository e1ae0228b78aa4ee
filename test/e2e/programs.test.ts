/**
 * Whole programs, three of them around packages from npm that were not written for this, moved among three nodes all the time: they
 * print byte for byte what plain node prints. A program that was done before its tenth move is run again with more to do.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

const movesWanted = 10;
const file = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.close());

describe('cluster-run --nodes 3 --shake 60ms', () => {
  it.each([
    ['parser.mjs', 'acorn over megabytes of source', 2],
    ['markdown.mjs', 'marked over every Markdown file of the installed packages', 8],
    ['chess.mjs', 'chess.js counting positions', 1],
    ['recursive.mjs', 'recursion, deep and wide', 60],
    ['closures.mjs', 'closures', 500],
    ['async.mjs', 'async functions and generators', 80],
    ['generators.mjs', 'generators', 250],
    ['../../../examples/tour/tour.mjs', 'a tour of the language', 600],
  ])('%s: %s', async (name, _, size) => {
    for (let work = size; ; work *= 2) {
      const plain = await place.node(file(name), String(work));
      const moved = await place.run('run', '--nodes', '3', '--shake', '60ms', '--stats', 's.json', file(name), String(work));
      expect(moved.stderr).toBe(plain.stderr);
      expect(String(moved.stdout)).toBe(String(plain.stdout));
      expect(moved.code).toBe(0);
      const { moves } = JSON.parse(readFileSync(join(place.folder, 's.json'), 'utf8'));
      if (moves.length >= movesWanted) return;
      expect(work, `${moves.length} moves`).toBeLessThan(size * 8);
    }
  });
});

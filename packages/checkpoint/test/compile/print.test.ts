/** Where print() says that a node stands, a parser of the text finds it: over the programs of the conformance suite, lowered. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert, expect, it } from 'vitest';
import type { Node } from '../../src/compile/ast.js';
import { bundleScript } from '../../src/compile/bundle.js';
import { compileScript, lowerText } from '../../src/compile/index.js';
import { parsePrinted } from '../../src/compile/table.js';
import { peel } from '../../src/resume/peel.js';

const conformance = fileURLToPath(new URL('../../../../test/conformance', import.meta.url));
const files = ['programs', 'guests'].flatMap((folder) =>
  fs.readdirSync(path.join(conformance, folder)).map((name) => path.join(conformance, folder, name)),
);
/** What astring prints with the node around it, and nothing asks for. */
const unplaced = new Set([
  'ClassBody',
  'CatchClause',
  'TemplateElement',
  'VariableDeclaration',
  'VariableDeclarator',
  'SwitchCase',
]);

/** Calls `visit` with each pair of corresponding nodes. */
function walkPairs(made: Node, parsed: Node, visit: (made: Node, parsed: Node) => void): void {
  const work: [Node, Node][] = [[made, parsed]];
  for (let pair = work.pop(); pair; pair = work.pop()) {
    const [m, p] = pair;
    if (m.type !== p.type) {
      if (m.type === 'ParenthesizedExpression') {
        work.push([m.expression, p]);
        continue;
      }
      assert.fail(`printed code differs from its tree: ${m.type} printed as ${p.type} at ${p.start}`);
    }
    visit(m, p);
    for (const key in p) {
      const value = p[key];
      if (typeof value !== 'object' || value === null) continue;
      if (Array.isArray(value)) {
        const other = m[key] ?? [];
        assert(other.length === value.length, `printed code differs from its tree: ${m.type}.${key} at ${p.start}`);
        for (let i = 0; i < value.length; i++) if (value[i] && typeof value[i].type === 'string') work.push([other[i], value[i]]);
      } else if (typeof value.type === 'string' && m[key]) work.push([m[key], value]);
    }
  }
}

const nodesMissed = (made: Node, text: string): string[] => {
  const differences: string[] = [];
  walkPairs(made, parsePrinted(text), (node: Node, parsed: Node) => {
    if ((node.start === parsed.start && node.end === parsed.end) || (node.start < 0 && unplaced.has(node.type))) return;
    const shown = text.slice(parsed.start, parsed.end).slice(0, 60);
    differences.push(`${node.type} ${node.start}-${node.end}, parsed ${parsed.start}-${parsed.end}: ${shown}`);
  });
  return differences;
};

it('places each node of a program where a parser finds it', async () => {
  for (const file of files) {
    const { code, map, sloppy } = await bundleScript(file);
    const { lowered, printed } = lowerText(file, code, map, sloppy);
    expect(nodesMissed(lowered.root, printed.text), path.basename(file)).toEqual([]);
  }
}, 120_000);

it('places each node of resume code, where parts of the author’s code stand at several places', async () => {
  let count = 0;
  for (const file of files) {
    const { code, table, metas } = await compileScript(file);
    const ranges = new Map(table.functions.map((range) => [range.fid, range]));
    for (const label of table.labels) {
      const range = ranges.get(label.fid)!;
      if (code.slice(range.start, range.end).includes('super(')) continue; // put off before it, and no resume code has it behind it
      const { envs, strict } = metas[label.fid]!;
      const suspended = range.generator && (label.kind === 'yield' || label.kind === 'delegate');
      const request = { code, range, label, suspended, envs, natives: [], strict, generator: range.generator, isStatic: false };
      const { text, tree } = peel(request);
      expect(nodesMissed(tree, text), `${path.basename(file)}, label ${label.at}`).toEqual([]);
      count++;
    }
  }
  expect(count).toBeGreaterThan(1_000);
}, 240_000);

/** Where print() says that a node stands, a parser of the text finds it: over the programs of the conformance suite, lowered. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Node } from '../../src/compile/ast.js';
import { bundleScript } from '../../src/compile/bundle.js';
import { lowerText } from '../../src/compile/index.js';
import { parsePrinted, walkPairs } from '../../src/compile/table.js';

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

it('places each node where a parser finds it', async () => {
  const differences: string[] = [];
  let nodes = 0;
  for (const file of files) {
    const { code, map, sloppy } = await bundleScript(file);
    const { lowered, printed } = lowerText(file, code, map, sloppy);
    walkPairs(lowered.root, parsePrinted(printed.text), (made: Node, parsed: Node) => {
      nodes++;
      if (made.start === parsed.start && made.end === parsed.end) return;
      if (made.start < 0 && unplaced.has(made.type)) return;
      differences.push(
        `${path.basename(file)}: ${made.type} ${made.start}-${made.end}, parsed ${parsed.start}-${parsed.end}: ${printed.text.slice(parsed.start, parsed.end).slice(0, 60)}`,
      );
    });
  }
  expect(differences.slice(0, 20)).toEqual([]);
  expect(nodes).toBeGreaterThan(50_000);
}, 120_000);

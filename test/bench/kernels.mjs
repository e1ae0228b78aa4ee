/**
 * CPU kernels as plain node and as a guest, side by side in one run: prints each ratio (guest / node) and the geometric mean.
 *   node test/bench/kernels.mjs [rounds]
 */
import { fileURLToPath } from 'node:url';
import { geometricMean, machine, printRatios, sideBySide } from './side-by-side.mjs';

const rounds = Number(process.argv[2] ?? 3);
console.log(`${machine}, median of ${rounds}`);
const ratios = sideBySide([fileURLToPath(new URL('kernels-guest.mjs', import.meta.url))], rounds);
printRatios(ratios);
console.log(
  'geometric mean'.padEnd(27),
  geometricMean([...ratios.values()].map(({ ratio }) => ratio))
    .toFixed(2)
    .padStart(8),
);

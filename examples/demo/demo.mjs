/**
 * The README's first command: runs orbits.mjs on an embedded cluster of three nodes, moves it again and again while it computes,
 * then runs it under plain node and compares the two outputs byte for byte. Exits with 1 if they differ.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const run = path.join(here, '../../packages/runtime/bin/cluster-run.js');
const script = path.join(here, 'orbits.mjs');
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-demo-'));
const statsFile = path.join(directory, 'stats.json');

console.log('A program runs on a cluster of three nodes and is moved every 250 ms, in the middle of its loops:\n');
const guest = spawn(process.execPath, [run, '--nodes', '3', '--shake', '250ms', '--stats', statsFile, script], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const chunks = [];
guest.stdout.on('data', (bytes) => {
  chunks.push(bytes);
  process.stdout.write(bytes);
});
const code = await new Promise((resolve) => guest.on('close', resolve));
if (code !== 0) {
  console.error(`\nThe program ended with ${code}`);
  process.exit(1);
}

const { moves } = JSON.parse(fs.readFileSync(statsFile, 'utf8'));
console.log(`\n${moves.length} moves:`);
for (const move of moves) {
  const track = [0, 1, 2].map((node) => (node === move.to ? '●' : node === move.from ? '○' : '·')).join('──');
  console.log(
    `  ${track}   node ${move.from} → node ${move.to}   pause ${move.pauseMs.toFixed(1).padStart(6)} ms   ${String(move.essenceBytes).padStart(7)} bytes`,
  );
}
const pauses = moves.map((m) => m.pauseMs).sort((a, b) => a - b);
if (pauses.length > 0) console.log(`  median pause ${pauses[pauses.length >> 1].toFixed(1)} ms`);

console.log('\nThe same program under plain node …');
const plain = spawnSync(process.execPath, [script], { maxBuffer: 1 << 26 });
const moved = Buffer.concat(chunks);
fs.rmSync(directory, { recursive: true, force: true });
if (moves.length === 0 || !plain.stdout.equals(moved)) {
  console.error(moves.length === 0 ? 'No move took place.' : 'The outputs DIFFER.');
  process.exit(1);
}
console.log(`Output identical, ${moved.length} bytes, after ${moves.length} moves.`);

/** The demo's two programs as cluster processes: each a cluster-run in the demo's cluster, with its output and its moves as they happen. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const runCommand = path.join(here, '../../packages/runtime/bin/cluster-run.js');
export const scriptOf = (name) => path.join(here, name);

/** Starts a program in the cluster at `url`, moved every `shake`. `onLine` gets its lines, `onMove` each move. */
export function startProgram({ name, url, shake, args = [], onLine, onMove }) {
  const child = spawn(process.execPath, [runCommand, '--shake', shake, '--show-moves', scriptOf(name), ...args], {
    env: { ...process.env, GODWIT_CLUSTER: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  const complaints = [];
  child.stdout.setEncoding('utf8').on('data', (text) => output.push(Buffer.from(text)));
  eachLine(child.stdout, onLine);
  eachLine(child.stderr, (line) => {
    const move = parseMove(line);
    if (move) onMove(move);
    else complaints.push(line);
  });
  const ended = new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, output: Buffer.concat(output), complaints }));
  });
  return { child, ended };
}

function parseMove(line) {
  try {
    const value = JSON.parse(line);
    return value.schema === 'godwit.move/1' ? value : undefined;
  } catch {
    return undefined;
  }
}

function eachLine(stream, take) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) take(line);
  });
}

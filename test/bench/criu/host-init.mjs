/**
 * The first process of a host of CRIU's (host.mjs): starts what it is told on stdin, a line of JSON each, and tells of its end on stdout.
 * It is the parent of what is dumped, so that nothing of that (its standard streams, its terminal) lies outside of the host.
 * In: { id, command, args, log }    Out: { id, pid }, then { id, code }
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import readline from 'node:readline';

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, command, args, log } = JSON.parse(line);
    const out = log === undefined ? 'ignore' : fs.openSync(log, 'a');
    const child = spawn(command, args, { stdio: ['ignore', out, out], detached: true });
    if (log !== undefined) fs.closeSync(out);
    if (child.pid !== undefined) say({ id, pid: child.pid });
    child.on('error', ({ message }) => say({ id, code: message }));
    child.on('exit', (code, signal) => say({ id, code: code ?? signal }));
  })
  .on('close', () => process.exit());

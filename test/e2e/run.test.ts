/** cluster-run as a user sees it: output, exit codes and signals as with node, while the guest is moved again and again. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.close());

const stats = (name: string) => JSON.parse(readFileSync(join(place.folder, name), 'utf8'));

describe('cluster-run', () => {
  it('prints byte for byte what node prints, megabytes of it, while the guest moves between three nodes', async () => {
    const script = place.script(
      'loud.mjs',
      `let sum = 0;
       for (let k = 0; k < 60; k++) {
         for (let i = 0; i < 2e7; i++) sum += (i ^ k) % 7;
         process.stdout.write(String(sum).repeat(6000) + '\\n');
         if (k % 20 === 0) console.error('at', k);
       }
       process.stdout.write('x'.repeat(3_000_000));`,
    );
    const [plain, moved] = await Promise.all([
      place.node(script),
      place.run('run', '--nodes', '3', '--shake', '60ms', '--stats', 's.json', script),
    ]);
    expect(moved.stderr).toBe(plain.stderr);
    expect(moved.stdout.equals(plain.stdout)).toBe(true);
    expect(moved.code).toBe(0);
    const { moves, exitCode, schema } = stats('s.json');
    expect([schema, exitCode]).toEqual(['godwit.run-stats/1', 0]);
    expect(moves.length).toBeGreaterThan(0);
    for (const move of moves) {
      expect(move.from).not.toBe(move.to);
      expect(move.pauseMs).toBeGreaterThan(0);
      expect(move.essenceBytes).toBeGreaterThan(0);
    }
  });

  it('ends with the code of the guest, 127 without a script, 126 when it cannot be compiled, 2 for wrong usage', async () => {
    const seven = place.script('seven.mjs', 'console.log(process.argv.slice(2).join()); process.exit(7);');
    const broken = place.script('broken.mjs', 'let = ;');
    const ended = await place.run('run', '--nodes', '1', seven, 'a', '--nodes');
    expect([ended.code, String(ended.stdout), ended.stderr]).toEqual([7, 'a,--nodes\n', '']);
    expect((await place.run('run', 'nowhere.mjs')).code).toBe(127);
    const refused = await place.run('run', broken);
    expect([refused.code, refused.stderr.trimEnd().split('\n').length]).toEqual([126, 1]);
    expect(refused.stderr).toContain('broken.mjs');
    expect((await place.run('run', '--shake', 'often', seven)).code).toBe(2);
  });

  it("runs timers in node's order: what falls due while one runs comes after the immediates, intervals count from when they began", async () => {
    const script = place.script(
      'timers.mjs',
      `const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
       const interval = setInterval(() => { console.log('tick'); busy(240); }, 300);
       setTimeout(() => {
         clearInterval(interval);
         setTimeout(() => { console.log('due later'); }, 800);
         setTimeout(() => {
           setImmediate(() => console.log('immediate'));
           busy(1000);
           setTimeout(() => console.log('due last'), 1);
         }, 50);
       }, 1050);`,
    );
    const [plain, guest] = [await place.node(script), await place.run('run', '--nodes', '1', script)];
    expect(String(plain.stdout)).toBe('tick\ntick\ntick\nimmediate\ndue later\ndue last\n');
    expect(String(guest.stdout)).toBe(String(plain.stdout));
  });

  it('shows modules that hold what only this machine has as node does', async () => {
    const script = place.script(
      'modules.mjs',
      `import cluster from 'node:cluster';
       import http, { Agent, STATUS_CODES } from 'node:http';
       import tty from 'node:tty';
       import { isMainThread, parentPort, threadId } from 'node:worker_threads';
       import { execSync } from 'node:child_process';
       console.log(STATUS_CODES[404], http.METHODS.length, http.maxHeaderSize, tty.isatty(1), isMainThread, parentPort, threadId, execSync.name, execSync.length);
       class Own extends Agent {}
       console.log(http.Agent === Agent, new Own() instanceof Agent, new http.Server() instanceof http.Server, typeof http.globalAgent);
       cluster.on('own', (value) => console.log('heard', value));
       console.log(cluster.emit('own', 1), cluster.isPrimary, String(execSync('echo done')));`,
    );
    const [plain, guest] = [await place.node(script), await place.run('run', '--nodes', '1', script)];
    expect(String(plain.stdout)).toContain('heard 1');
    expect([String(guest.stdout), guest.stderr, guest.code]).toEqual([String(plain.stdout), plain.stderr, 0]);
  });

  it("waits for promises of Node's own, and tells of rejections when nobody handles them", async () => {
    const script = place.script(
      'promises.mjs',
      `import assert from 'node:assert';
       process.on('unhandledRejection', (reason) => console.log('unhandled', reason));
       await assert.rejects((async () => { await null; throw new Error('x'); })(), /x/);
       console.log((await crypto.subtle.digest('SHA-256', new Uint8Array(3e6))).byteLength);
       console.log(await new Blob(['text']).text());
       setTimeout(() => { Promise.reject('first'); console.log('one'); }, 200);
       setTimeout(() => console.log('two'), 200);
       setImmediate(() => { Promise.reject('second'); console.log('three'); });
       setImmediate(() => console.log('four'));
       process.on('beforeExit', () => console.log('beforeExit'));
       setTimeout(() => { const late = Promise.reject('late'); setTimeout(() => late.catch(() => console.log('caught')), 50); }, 400);`,
    );
    const [plain, guest] = [await place.node(script), await place.run('run', '--nodes', '1', script)];
    expect(String(plain.stdout).split('\n')).toHaveLength(12);
    expect([String(guest.stdout), guest.code]).toEqual([String(plain.stdout), 0]);
  });

  it('forwards signals: a listener hears them, and without one even a busy guest ends with 128+N', async () => {
    const listens = place.script(
      'listens.mjs',
      `process.on('SIGINT', () => { console.log('heard'); process.exit(3); }); setInterval(() => {}, 1000); console.log('up');`,
    );
    const first = place.begin('run', '--nodes', '1', listens);
    await first.until('up');
    first.child.kill('SIGINT');
    expect(await first.result).toMatchObject({ code: 3, stdout: Buffer.from('up\nheard\n') });
    const busy = place.begin('run', '--nodes', '1', place.script('busy.mjs', `console.log('up'); for (;;);`));
    await busy.until('up');
    busy.child.kill('SIGTERM');
    expect((await busy.result).code).toBe(143);
  });
});

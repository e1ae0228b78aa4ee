/**
 * The two servers the bus contract is tried on, each with start, stop and start again on the same port.
 * The real nats-server is started here on a free loopback port with a store of its own; where the binary is absent the
 * suite says so loudly and skips, never passes in silence.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { realHost } from '@godwit/checkpoint/base';
import { EmbeddedHub } from '../../../src/cluster/hub/hub.js';

export interface TestServer {
  readonly url: string;
  /** Takes the server away and brings it back at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const hasNatsServer = spawnSync('nats-server', ['--version']).status === 0;

export async function startHub(): Promise<TestServer> {
  const host = realHost('error');
  let hub = new EmbeddedHub();
  const { url } = await hub.start(host);
  const [, token, port] = /^godwit:\/\/([^@]+)@127\.0\.0\.1:(\d+)$/.exec(url)!;
  return {
    url,
    async restart() {
      await hub.stop();
      hub = new EmbeddedHub();
      await hub.start(host, { token: token!, port: Number(port) });
    },
    stop: () => hub.stop(),
  };
}

export async function startNats(): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'godwit-nats-'));
  let { child, port } = await spawnNats(directory, -1);
  const stop = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    async restart() {
      await stop();
      ({ child, port } = await spawnNats(directory, port));
    },
    async stop() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function spawnNats(directory: string, port: number) {
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: child.stderr });
  let found = port;
  for await (const line of lines) {
    const listening = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line);
    if (listening) found = Number(listening[1]);
    if (line.includes('Server is ready')) break;
  }
  if (child.exitCode !== null) throw new Error('nats-server did not start');
  child.stderr.resume();
  return { child, port: found };
}

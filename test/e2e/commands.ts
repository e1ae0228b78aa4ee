/**
 * Runs the built commands as a user would, in a home of their own. Not a mock: real daemons, real processes.
 * Keeps true: what a test started is ended with it, by the process ids the cluster itself names.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = (name: string) => fileURLToPath(new URL(`../../packages/runtime/bin/cluster-${name}.js`, import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  /** Resolves when stdout holds the text; rejects when the command ends without. */
  until(text: string): Promise<void>;
  /** The same of stderr, with so many lines that hold the text. */
  untilSaid(text: string, times: number): Promise<void>;
  /** So far. */
  readonly stdout: () => Buffer;
  readonly stderr: () => string;
}

export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'godwit-e2e-'));
  readonly #nodes: number[] = [];

  script(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  begin(name: string, ...args: string[]): RunningCommand {
    return begin([bin(name), ...args], this.folder);
  }

  /** For a program that begins the command itself. */
  commandLine(name: string, ...args: string[]): string[] {
    return [process.execPath, bin(name), ...args];
  }

  /** Any program, with this home. */
  beginProgram(file: string, ...args: string[]): RunningCommand {
    return begin(args, this.folder, this.folder, file);
  }

  /** In a folder of its own, with this home; `node` is plain node. */
  beginIn(folder: string, name: string, ...args: string[]): RunningCommand {
    return begin(name === 'node' ? args : [bin(name), ...args], folder, this.folder);
  }

  run(name: string, ...args: string[]): Promise<Result> {
    return this.begin(name, ...args).result;
  }

  /** What plain node prints for a script. */
  node(script: string, ...args: string[]): Promise<Result> {
    return begin([script, ...args], this.folder).result;
  }

  /** Starts a node of the cluster of this home; gives the process id of its daemon. */
  async startNode(...options: string[]): Promise<number> {
    const started = await this.run('node', 'start', ...options);
    if (started.code !== 0) throw new Error(started.stderr);
    const { nodes } = JSON.parse(String((await this.run('node', 'ls', '--json')).stdout));
    const osPid = nodes.find(({ id }: { id: number }) => id === Number(started.stdout)).osPid;
    this.#nodes.push(osPid);
    return osPid;
  }

  close(): void {
    for (const osPid of this.#nodes) {
      try {
        process.kill(osPid, 'SIGKILL');
      } catch {} // the test killed it
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function begin(argv: string[], folder: string, home = folder, program = process.execPath): RunningCommand {
  const { GODWIT_CLUSTER: _, ...environment } = process.env;
  const child = spawn(program, argv, {
    cwd: folder,
    env: { ...environment, GODWIT_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const looks = new Set<() => void>();
  child.stdout!.on('data', (bytes: Buffer) => {
    stdout.push(bytes);
    for (const look of looks) look();
  });
  child.stderr!.on('data', (bytes: Buffer) => {
    stderr.push(bytes);
    for (const look of looks) look();
  });
  const result = new Promise<Result>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr: String(Buffer.concat(stderr)) }));
  });
  const said = () => String(Buffer.concat(stderr));
  const seen = (is: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => is() && resolve();
      looks.add(look);
      look();
      void result.then((end) => reject(new Error(`ended with ${end.code} before "${what}": ${end.stderr}`)));
    });
  const until = (text: string) => seen(() => Buffer.concat(stdout).includes(text), text);
  const untilSaid = (text: string, times: number) => seen(() => said().split(text).length > times, text);
  return { child, result, until, untilSaid, stdout: () => Buffer.concat(stdout), stderr: said };
}

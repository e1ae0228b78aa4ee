/**
 * Runs a program as a guest on one of two nodes of a cluster of its own and moves it to the other, with the commands a user has. The nodes
 * stay from one program to the next, the guests are new.
 */
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { bin } from '../side-by-side.mjs';

const execute = promisify(execFile);

export class GodwitCluster {
  #home = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-criu-'));
  #osPids = [];
  nodes = [];

  /** @param {'' | '0'} paging what GODWIT_PAGING is for the nodes */
  static async start(paging) {
    const cluster = new GodwitCluster();
    const { GODWIT_CLUSTER: _, ...environment } = process.env;
    cluster.environment = { ...environment, GODWIT_HOME: cluster.#home, GODWIT_PAGING: paging };
    for (let i = 0; i < 2; i++) cluster.nodes.push((await cluster.command('node', 'start', '--no-balance')).trim());
    const { nodes } = JSON.parse(await cluster.command('node', 'ls', '--json'));
    cluster.#osPids = nodes.map(({ osPid }) => osPid);
    return cluster;
  }

  async command(name, ...args) {
    return (await execute(process.execPath, [bin(name), ...args], { env: this.environment })).stdout;
  }

  /** What the nodes hold in memory. */
  residentBytes() {
    const texts = this.#osPids.map((pid) =>
      fs.existsSync(`/proc/${pid}/status`) ? fs.readFileSync(`/proc/${pid}/status`, 'utf8') : '',
    );
    return texts.reduce((sum, text) => sum + 1024 * Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0), 0);
  }

  isAlive() {
    return this.#osPids.every((pid) => fs.existsSync(`/proc/${pid}`));
  }

  close() {
    for (const pid of this.#osPids)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has ended
    fs.rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class GodwitRunner {
  #cluster;
  #child;
  #heard = new Map();
  #said = [];
  folder = fs.mkdtempSync(path.join('/dev/shm', 'godwit-guest-'));

  constructor(cluster) {
    this.#cluster = cluster;
  }

  async start(script, args) {
    const { environment, nodes } = this.#cluster;
    this.name = path.basename(this.folder);
    const options = ['--show-moves', '--name', this.name, '--node', nodes[0]];
    this.#child = spawn(process.execPath, [bin('run'), ...options, script, ...args], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    readline.createInterface({ input: this.#child.stderr }).on('line', (line) => this.#hear(line));
    this.ended = new Promise((resolve) => this.#child.on('close', resolve));
  }

  startServer(script, port) {
    return this.start(script, [port, this.folder]);
  }

  startClients(script, port, connections) {
    const child = spawn(process.execPath, [script, '127.0.0.1', port, String(connections), this.folder], { stdio: 'ignore' });
    return new Promise((resolve) => child.on('close', resolve));
  }

  async move() {
    const processes = JSON.parse(await this.#cluster.command('ps', '--json')).processes;
    const pid = processes.find(({ name }) => name === this.name).pid;
    // It returns when everything is there; what it says of times is heard from the attached command as it happens.
    await this.#cluster.command('migrate', '--json', String(pid), this.#cluster.nodes[1]).catch((error) => {
      throw new Error(error.stderr.trim() || error.message);
    });
    const move = await this.#told('godwit.move/1');
    const drain = move.isPartial ? await this.#told('godwit.drain/1') : undefined;
    if (drain && drain.drain !== 'whole') throw new Error(`the drain is ${drain.drain}: ${drain.drainReason}`);
    const { pauseMs, essenceBytes } = move;
    const times = { arrivedAtMs: move.heardAtMs, wholeAtMs: drain?.heardAtMs ?? move.heardAtMs };
    const told = { pauseMs, faults: drain?.faults ?? 0, drainMs: drain?.drainMs ?? 0, faultP99Ms: drain?.faultP99Ms ?? null };
    return { ...times, bytes: essenceBytes + (drain?.drainBytes ?? 0), told };
  }

  /** What the command said, of its moves apart: why the process was lost. */
  get said() {
    return this.#said.join(' ');
  }

  async close() {
    if (this.#child.exitCode === null) this.#child.kill('SIGTERM');
    const last = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.ended;
    clearTimeout(last);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  #hear(line) {
    const heardAtMs = Date.now();
    try {
      const what = JSON.parse(line);
      this.#heard.set(what.schema, { ...what, heardAtMs });
    } catch {
      this.#said.push(line);
    }
  }

  async #told(schema) {
    for (let i = 0; i < 250 && !this.#heard.has(schema); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    const what = this.#heard.get(schema);
    if (!what) throw new Error(`${schema} was not told`);
    return what;
  }
}

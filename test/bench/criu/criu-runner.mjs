/**
 * Runs a program as plain node on one host and moves it to another with CRIU: the images are in memory, which both hosts see.
 * stop-and-copy: everything is written to images, and read from there, while the program stands still.
 * post-copy: it goes on without its memory, which comes over the hosts' network: what is touched first, the rest behind it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { connect, Host } from './host.mjs';
import { until } from './trial.mjs';

const memory = '/dev/shm';
const sourceAddress = '10.77.0.1';
const serverAddress = '10.77.0.100';
const pagesPort = '9999';
/** Above those of a host's own processes: the restored program has the numbers it had. */
const firstPid = 2000;

export class CriuRunner {
  #hosts = [];
  #criu;
  #mode;
  #folder = fs.mkdtempSync(path.join(memory, 'godwit-criu-'));
  #images = path.join(this.#folder, 'images');
  #isServer = false;
  folder = path.join(this.#folder, 'guest');
  /** The program's first process ends with the dump. */
  mayEnd = false;

  constructor(criu, mode) {
    this.#criu = criu;
    this.#mode = mode;
    fs.mkdirSync(this.#images);
    fs.mkdirSync(this.folder);
  }

  async start(script, args) {
    const [source, target, clients] = (this.#hosts = await Promise.all([Host.start(), Host.start(), Host.start()]));
    this.#hosts.push(await connect([source, target, clients]));
    await source.run('sh', ['-c', `echo ${firstPid} > /proc/sys/kernel/ns_last_pid`]);
    const { pid, ended } = source.start(process.execPath, [script, ...args]);
    this.pid = String(await pid);
    this.ended = ended;
  }

  /** The same address at both hosts, of which one is plugged in. */
  async startServer(script, port) {
    this.#isServer = true;
    await this.start(script, [port, this.folder]);
    const [source, target, , bridge] = this.#hosts;
    for (const [host, name] of [
      [source, 'source'],
      [target, 'target'],
    ]) {
      await bridge.link(`serve-${name}`, host, 'serve0', '02:00:00:00:77:64');
      await host.run('ip', ['addr', 'add', `${serverAddress}/24`, 'dev', 'serve0']);
    }
    await this.#plug('serve-source', 'master', 'bridge0');
  }

  startClients(script, port, connections) {
    return this.#hosts[2].start(process.execPath, [script, serverAddress, port, String(connections), this.folder]).ended;
  }

  async move() {
    this.mayEnd = true;
    const before = this.#hosts[1].networkBytes();
    const times = this.#mode === 'post-copy' ? await this.#postCopy() : await this.#stopAndCopy();
    const overNetwork = this.#mode === 'post-copy' ? this.#hosts[1].networkBytes() - before : 0;
    return { ...times, bytes: this.#imageBytes() + overNetwork };
  }

  async close() {
    await Promise.all(this.#hosts.map((host) => host.close()));
    fs.rmSync(this.#folder, { recursive: true });
  }

  async #stopAndCopy() {
    const [source, target] = this.#hosts;
    await this.#run(source, 'dump', ['-t', this.pid]);
    await this.#plug('serve-source', 'nomaster');
    await this.#run(target, 'restore', ['-d']);
    const arrivedAtMs = Date.now();
    await this.#plug('serve-target', 'master', 'bridge0');
    return { arrivedAtMs, wholeAtMs: arrivedAtMs };
  }

  async #postCopy() {
    const [source, target] = this.#hosts;
    const status = path.join(this.#folder, 'status');
    const pages = ['--address', sourceAddress, '--port', pagesPort];
    const dump = this.#run(source, 'dump', ['-t', this.pid, '--lazy-pages', ...pages, '--status-fd', '1'], status);
    await Promise.race([dump, until(() => fs.existsSync(status) && fs.statSync(status).size > 0)]);
    await this.#plug('serve-source', 'nomaster');
    const daemon = this.#run(target, 'lazy-pages', ['--page-server', ...pages]);
    await Promise.race([daemon, until(() => fs.existsSync(path.join(this.#images, 'lazy-pages.socket')))]);
    await this.#run(target, 'restore', ['-d', '--lazy-pages']);
    const arrivedAtMs = Date.now();
    await this.#plug('serve-target', 'master', 'bridge0');
    await Promise.all([dump, daemon]);
    return { arrivedAtMs, wholeAtMs: Date.now() };
  }

  /** A target that has the address and not yet the connections would answer their packets with a reset: it is plugged in last. */
  async #plug(cable, ...args) {
    if (this.#isServer) await this.#hosts[3].run('ip', ['link', 'set', cable, ...args]);
  }

  async #run(host, verb, args, output) {
    const log = path.join(this.#images, `${verb}.log`);
    const network = this.#isServer && verb !== 'lazy-pages' ? ['--tcp-established', '--network-lock', 'nftables'] : [];
    const common = [verb, '-D', this.#images, '-o', `${verb}.log`, '-v1', ...network];
    const code = await host.start(this.#criu.command, [...common, ...args], output).ended;
    if (code === 0) return;
    const said = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n') : [];
    const errors = said.filter((line) => !line.includes('RLIMIT_NOFILE')).map((line) => line.replace(/^.*Error \([^)]*\): /, ''));
    throw new Error(`criu ${verb} ended with ${code}: ${errors[0] ?? 'it said nothing'}`);
  }

  #imageBytes() {
    const names = fs.readdirSync(this.#images).filter((name) => name.endsWith('.img'));
    return names.reduce((sum, name) => sum + fs.statSync(path.join(this.#images, name)).size, 0);
  }
}

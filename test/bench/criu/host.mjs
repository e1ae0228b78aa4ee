/**
 * What stands for a machine that CRIU moves a process from or to: process ids, mounts and a network of its own, on this machine. Two of
 * them, and the clients of a server, are on one virtual network. All of it ends with close().
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const init = fileURLToPath(new URL('host-init.mjs', import.meta.url));

export class Host {
  #ids = 0;
  #waiting = new Map();
  #child;
  /** Process id of its first process, seen from outside. */
  #outside;

  static async start() {
    const host = new Host();
    const flags = ['--pid', '--fork', '--mount', '--mount-proc', '--net', '--kill-child'];
    host.#child = spawn('unshare', [...flags, process.execPath, init], { stdio: ['pipe', 'pipe', 'inherit'] });
    host.#child.on('error', () => {});
    readline.createInterface({ input: host.#child.stdout }).on('line', (line) => host.#heard(JSON.parse(line)));
    await host.run('ip', ['link', 'set', 'lo', 'up']);
    const { pid } = host.#child;
    host.#outside = Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
    return host;
  }

  /** Starts a command: gives its process id in here, and a promise of its exit code. Output goes to the file `log`, if there is one. */
  start(command, args, log) {
    const id = this.#ids++;
    const ended = new Promise((resolve) => {
      this.#waiting.set(id, { ended: resolve });
    });
    const pid = new Promise((resolve) => {
      this.#waiting.get(id).begun = resolve;
    });
    this.#child.stdin.write(`${JSON.stringify({ id, command, args, log })}\n`);
    return { pid, ended };
  }

  /** @throws Error when it does not end with 0 */
  async run(command, args, log) {
    const code = await this.start(command, args, log).ended;
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  }

  /** Bytes that its network received and sent so far, without those to itself. */
  networkBytes() {
    const lines = fs.readFileSync(`/proc/${this.#outside}/net/dev`, 'utf8').split('\n').slice(2);
    const rows = lines.map((line) => line.trim().split(/[:\s]+/)).filter(([name]) => name !== '' && name !== 'lo');
    return rows.reduce((sum, row) => sum + Number(row[1]) + Number(row[9]), 0);
  }

  /** A cable from an interface here to one of another host's. */
  async link(name, other, otherName, otherAddress) {
    const address = otherAddress === undefined ? [] : ['address', otherAddress];
    const ends = [otherName, 'netns', String(other.#outside), ...address, 'type', 'veth', 'peer', 'name', name];
    execFileSync('ip', ['link', 'add', ...ends, 'netns', String(this.#outside)]);
    await this.run('ip', ['link', 'set', name, 'up']);
    await other.run('ip', ['link', 'set', otherName, 'up']);
  }

  async close() {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await gone;
  }

  #heard({ id, pid, code }) {
    const waiting = this.#waiting.get(id);
    if (pid !== undefined) waiting?.begun(pid);
    if (code === undefined) return;
    this.#waiting.delete(id);
    waiting?.begun(undefined);
    waiting?.ended(code);
  }
}

/** Gives hosts a network of their own: each an interface `net0`, behind one bridge that has a network of its own as well. */
export async function connect(hosts) {
  const bridge = await Host.start();
  await bridge.run('ip', ['link', 'add', 'bridge0', 'type', 'bridge']);
  await bridge.run('ip', ['link', 'set', 'bridge0', 'up']);
  for (const [i, host] of hosts.entries()) {
    await bridge.link(`port${i}`, host, 'net0');
    await bridge.run('ip', ['link', 'set', `port${i}`, 'master', 'bridge0']);
    await host.run('ip', ['addr', 'add', `10.77.0.${i + 1}/24`, 'dev', 'net0']);
  }
  return bridge;
}

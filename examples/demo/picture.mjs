/** Draws the cluster: on a terminal three nodes with the programs that are on them, redrawn in place; elsewhere a plain line for each move. */
const symbols = { orbits: '◆', chat: '●' };
const names = Object.keys(symbols);

export class Picture {
  #where = new Map();
  #moves = [];
  #notes = new Map();
  #drawnLines = 0;
  #timer;

  constructor(nodes, stream = process.stdout) {
    this.nodes = nodes;
    this.stream = stream;
    if (!stream.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), 100);
  }

  /** A program has begun on a node. */
  place(name, node) {
    this.#where.set(name, node);
  }

  note(name, text) {
    this.#notes.set(name, text);
    if (!this.stream.isTTY && name !== 'client') this.stream.write(`  ${name.padEnd(7)} ${text}\n`);
  }

  move(name, { from, to, pauseMs, essenceBytes }) {
    this.#where.set(name, to);
    const text = `${name.padEnd(7)} node ${from} → node ${to}   pause ${pauseMs.toFixed(1).padStart(7)} ms   ${String(essenceBytes).padStart(7)} bytes`;
    this.#moves.push(text);
    if (!this.stream.isTTY) this.stream.write(`  ${track(this.nodes, from, to)}   ${text}\n`);
  }

  end() {
    clearInterval(this.#timer);
    if (this.stream.isTTY) this.#draw();
  }

  #draw() {
    const boxes = this.nodes.map((node) => {
      const here = names.filter((name) => this.#where.get(name) === node);
      return { title: ` node ${node} `, body: here.map((name) => `${symbols[name]} ${name}`) };
    });
    const row = (cell) => `  ${boxes.map(cell).join('   ')}`;
    const lines = [
      row(({ title }) => `┌─${title}${'─'.repeat(13 - title.length)}┐`),
      ...names.map((_, i) => row(({ body }) => `│ ${(body[i] ?? '').padEnd(12)} │`)),
      row(() => `└${'─'.repeat(14)}┘`),
      ...[...this.#notes].map(([name, text]) => `  ${name.padEnd(7)} ${text}`),
      ...this.#moves.slice(-8).map((text) => `    ${text}`),
    ];
    const width = this.stream.columns ?? 80;
    const up = this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A` : '';
    this.stream.write(`${up}${lines.map((line) => `\x1b[2K${line.slice(0, width - 1)}\n`).join('')}`);
    this.#drawnLines = lines.length;
  }
}

const track = (nodes, from, to) => nodes.map((node) => (node === to ? '●' : node === from ? '○' : '·')).join('──');

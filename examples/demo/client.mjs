/** The demo's TCP client: talks to the server until told to stop, over one connection, and compares every byte with what it must get. */
import { createHash } from 'node:crypto';
import net from 'node:net';

const pauseMs = 12;

export class Client {
  sentBytes = 0;
  receivedBytes = 0;
  #expected = createHash('sha256');
  #received = createHash('sha256');
  #isStopped = false;

  /** Resolves with the proof when the server has ended its side too; rejects when the connection breaks. */
  async talk(port) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const over = new Promise((resolve, reject) => socket.on('end', resolve).on('error', reject));
    socket.on('data', (bytes) => {
      this.receivedBytes += bytes.length;
      this.#received.update(bytes);
    });
    const sending = this.#send(socket);
    await Promise.race([over, sending.then(() => over)]);
    socket.destroy();
    const [expected, received] = [this.#expected.digest('hex'), this.#received.digest('hex')];
    return { sentBytes: this.sentBytes, receivedBytes: this.receivedBytes, hash: received, isIdentical: expected === received };
  }

  stop() {
    this.#isStopped = true;
  }

  async #send(socket) {
    for (let n = 0; !this.#isStopped; n++) {
      const line = `line ${n} ${'the godwit flies without a stop '.repeat(1 + (n % 40))}\n`;
      this.sentBytes += line.length;
      this.#expected.update(line.toUpperCase());
      if (!socket.write(line)) await new Promise((resolve) => socket.once('drain', resolve));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    this.#expected.update(`${this.sentBytes} BYTES\n`);
    socket.end();
  }
}

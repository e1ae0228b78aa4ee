/**
 * The gateway's sockets towards the peers: listening ports, and dials on a guest's behalf.
 * Kept true: one listening socket a port; a port being opened is not opened twice. Who gets a connection is the table's business.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';
import { GodwitError, type Host } from '@godwit/checkpoint/base';
import type { Address } from '../flow/state.js';
import type { GatewayLimits } from '../limits.js';

export class PublicPorts {
  readonly #servers = new Map<number, Server>();
  readonly #opening = new Set<Server>();

  constructor(private readonly publicHost: string) {}

  /** Opens a port (0: any) and says which one it got, or why not. */
  open(port: number, onPeer: (socket: Socket) => void, done: (error: GodwitError | null, port: number) => void): void {
    if (port !== 0 && this.#servers.has(port)) return; // its opening is under way; that one answers
    const server = createServer({ allowHalfOpen: true, noDelay: true }, onPeer);
    if (port !== 0) this.#servers.set(port, server);
    this.#opening.add(server);
    this.listenOn(server, this.publicHost, port).then(
      (actual) => {
        this.#opening.delete(server);
        this.#servers.set(actual, server);
        done(null, actual);
      },
      (error: GodwitError) => {
        this.#opening.delete(server);
        if (this.#servers.get(port) === server) this.#servers.delete(port);
        done(error, port);
      },
    );
  }

  close(port: number): void {
    this.#servers.get(port)?.close(); // its connections are flows of their own and go on
    this.#servers.delete(port);
  }

  closeAll(): void {
    for (const server of [...this.#servers.values(), ...this.#opening]) server.close();
    this.#servers.clear();
  }

  /** Resolves with the port, or fails with GODWIT_PORT_IN_USE, GODWIT_PORT_DENIED or GODWIT_LISTEN_FAILED. */
  listenOn(server: Server, host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      server.listen({ host, port, exclusive: true }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): GodwitError {
  const code = { EADDRINUSE: 'GODWIT_PORT_IN_USE', EACCES: 'GODWIT_PORT_DENIED' } as const;
  const known = code[error.code as keyof typeof code] ?? 'GODWIT_LISTEN_FAILED';
  return new GodwitError(known, `Cannot listen on "${host}:${port}": ${error.message}`, { cause: error, fields: { port } });
}

/** One end of a socket, or null when it is not connected (any more). */
export function addressOf(socket: Socket, end: 'local' | 'remote'): Address | null {
  const address = end === 'local' ? socket.localAddress : socket.remoteAddress;
  const port = end === 'local' ? socket.localPort : socket.remotePort;
  if (address === undefined || port === undefined) return null;
  return { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
}

/** Dials, with a limit on how long it may take; failures show as the socket's 'error'. */
export function dialPeer(target: { host: string; port: number }, host: Host, limits: GatewayLimits): Socket {
  const socket = connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
  const limit = host.after(limits.dialMs, () => {
    if (socket.connecting) socket.destroy(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }));
  });
  socket.once('close', () => limit.cancel());
  socket.once('connect', () => limit.cancel());
  return socket;
}

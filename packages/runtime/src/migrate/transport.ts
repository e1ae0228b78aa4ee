/**
 * Opening links between nodes: own TCP connections, never the bus, for what is big.
 * Keeps true: a link exists only after both sides proved that they hold the cluster's secret; waits and counts are bounded.
 * The side that dialled speaks first: the other hears it only once its handlers are set.
 * Not a choice of peers: addresses come from membership (NodeInfo).
 */

import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import { shakeHands } from './handshake.js';
import { Link } from './link.js';

/** Where a node listens for links; part of what it says of itself to all others. */
export interface LinkAddress {
  readonly address: string;
  readonly port: number;
}

export interface LinkIdentity {
  readonly host: Host;
  /** ClusterSettings.secret. */
  readonly secret: string;
  /** This node's id. */
  readonly node: number;
}

export interface LinkListener extends LinkAddress {
  /** Ends the listening and every link that was accepted. */
  close(): Promise<void>;
}

/** Accepts links. @throws GODWIT_LINK_LOST when the address cannot be had */
export async function listenForLinks(
  identity: LinkIdentity,
  onLink: (link: Link) => void,
  at: { address?: string; port?: number } = {},
): Promise<LinkListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= migrateLimits.maxLinks) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', (error) => identity.host.log('debug', 'link: connection failed', { reason: error.message }));
    open(socket, identity, 'listen').then(onLink, (error: unknown) =>
      identity.host.log('warn', 'link: refused', { from: socket.remoteAddress ?? '', reason: messageOf(error) }),
    );
  });
  const address = at.address ?? '127.0.0.1';
  const port = await listen(server, address, at.port ?? 0);
  return {
    address,
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Opens a link to `node`. @throws GODWIT_LINK_LOST when it cannot be reached, GODWIT_HANDSHAKE when it is not who it should be */
export async function dialLink(identity: LinkIdentity, node: number, to: LinkAddress): Promise<Link> {
  const socket = connectSocket({ host: to.address, port: to.port });
  const timer = identity.host.after(migrateLimits.handshakeTimeoutMs, () => socket.destroy(new Error('no answer in time')));
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  } catch (error) {
    const message = `Cannot reach node ${node} at "${to.address}:${to.port}": ${messageOf(error)}`;
    throw new GodwitError('GODWIT_LINK_LOST', message, { cause: error, fields: { node } });
  } finally {
    timer.cancel();
  }
  return open(socket, identity, 'dial', node);
}

async function open(socket: Socket, identity: LinkIdentity, role: 'dial' | 'listen', expectNode?: number): Promise<Link> {
  let link: Link | undefined;
  const expected = expectNode === undefined ? {} : { expectNode };
  await shakeHands(socket, { ...identity, role, ...expected }, (node) => {
    link = new Link(socket, identity.host, node);
    return link.reader;
  });
  // shakeHands resolves only after it called back.
  return link!;
}

function listen(server: Server, address: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new GodwitError('GODWIT_LINK_LOST', `Cannot listen for links on "${address}:${port}": ${cause.message}`, { cause }));
    });
    server.listen(port, address, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound ? bound.port : port);
    });
  });
}

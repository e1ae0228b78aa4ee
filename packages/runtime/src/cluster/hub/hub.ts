/**
 * The embedded hub: a bus for one machine with nothing installed. It speaks NATS's core client protocol on a loopback
 * port, so that the client for the real server runs on it unmodified, and serves key-value on reserved subjects.
 * It runs inside one node daemon (or one cluster-run); other daemons and commands connect by its URL, which holds the
 * cluster's token: other users of the machine must not be able to connect, so the URL is a secret.
 * Not durable and not replicated: with its process, the embedded cluster ends.
 */

import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { assert, GodwitError, type Host } from '@godwit/checkpoint/base';
import { clusterLimits } from '../../limits.js';
import { subjectMatches } from '../subject.js';
import { HubConnection, type HubSide, type HubSubscription, type Publication } from './connection.js';
import { InterestIndex } from './interest.js';
import { KeyValueService } from './kv-service.js';
import { requestSubject, reservedPattern } from './wire.js';

const noRespondersBody = Buffer.from('NATS/1.0 503\r\n\r\n');

export interface HubOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** The shared secret; made up when not given. */
  token?: string;
}

export class EmbeddedHub {
  readonly #interests = new InterestIndex<HubSubscription>();
  readonly #connections = new Set<HubConnection>();
  #server: Server | undefined;
  #keyValue: KeyValueService | undefined;
  #host: Host | undefined;

  /**
   * Listens on 127.0.0.1.
   * @returns the URL for connectBus: `godwit://TOKEN@127.0.0.1:PORT`, a secret
   * @throws GODWIT_BUS_UNREACHABLE when the port cannot be had
   */
  async start(host: Host, options: HubOptions = {}): Promise<{ url: string }> {
    assert(!this.#server, 'a hub is started once');
    this.#host = host;
    const token = options.token ?? randomBytes(24).toString('base64url');
    const service = new KeyValueService(host, (subject, payload) => this.#route(publication(subject, payload)));
    this.#keyValue = service;
    const server = createServer((socket) => {
      if (this.#connections.size >= clusterLimits.maxClients) return void socket.destroy();
      this.#connections.add(new HubConnection(this.#side(host, token, service), socket, serverInfo(server)));
    });
    this.#server = server;
    await listen(server, options.port ?? 0);
    return { url: `godwit://${encodeURIComponent(token)}@127.0.0.1:${portOf(server)}` };
  }

  /** Cuts every client off and frees the port. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#keyValue?.stop();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of [...this.#connections]) connection.close();
    await closed;
  }

  #side(host: Host, token: string, service: KeyValueService): HubSide {
    return {
      host,
      token: Buffer.from(token),
      publish: (from, message) => this.#publish(from, message, service),
      subscribe: (subscription) => this.#interests.add(subscription),
      unsubscribe: (subscription) => this.#interests.remove(subscription),
      closed: (connection) => this.#connections.delete(connection),
    };
  }

  #publish(from: HubConnection, message: Publication, service: KeyValueService): void {
    if (message.subject === requestSubject) {
      if (message.reply === undefined) return;
      const answer = service.answer(message.body.subarray(message.headerBytes));
      this.#route(publication(message.reply, answer));
      return;
    }
    // Only the hub says what changed: a client that could would make others believe in writes that never were.
    if (subjectMatches(reservedPattern, message.subject)) return;
    const reached = this.#route(message);
    if (reached === 0 && message.reply !== undefined && from.wantsNoResponders) {
      const body = noRespondersBody;
      this.#route({ op: 'pub', subject: message.reply, reply: undefined, headerBytes: body.length, body }, from);
    }
  }

  /** Delivers to everyone interested, or only to `only`; gives how many that were. */
  #route(message: Publication, only?: HubConnection): number {
    assert(this.#host, 'routing begins after start');
    const receivers = this.#interests.receivers(message.subject, () => this.#host!.random());
    const chosen = only ? receivers.filter((subscription) => subscription.client === only) : receivers;
    for (const subscription of chosen) subscription.client.deliver(subscription, message);
    return chosen.length;
  }
}

function publication(subject: string, payload: Uint8Array): Publication {
  const body = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return { op: 'pub', subject, reply: undefined, headerBytes: 0, body };
}

function serverInfo(server: Server): Record<string, unknown> {
  return {
    server_id: 'godwit-embedded',
    server_name: 'godwit-embedded',
    // The client turns features on by this number; the protocol served is the one of that version, without JetStream.
    version: '2.9.10',
    proto: 1,
    host: '127.0.0.1',
    port: portOf(server),
    headers: true,
    auth_required: true,
    max_payload: clusterLimits.maxPayloadBytes,
    jetstream: false,
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Cannot start the embedded bus on "127.0.0.1:${port}": the port cannot be had`;
      reject(new GodwitError('GODWIT_BUS_UNREACHABLE', message, { cause }));
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/**
 * One guest's network on this node: its NetService, from its first use of `node:net` or its arrival on.
 * Keeps true: what the guest said before the service was ready is heard first; a guest that is captured is frozen here exactly as it
 * was captured, because its messages arrive in order before the capture does.
 */

import { deserialize, serialize } from 'node:v8';
import { GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import { NetService, type NetServiceState, type ToGuest } from '../services/net/index.js';
import type { NodeFlows } from './node-flows.js';

export interface GuestNetOptions {
  readonly pid: number;
  readonly epoch: number;
  readonly flows: NodeFlows;
  readonly host: Host;
  post(messages: readonly ToGuest[]): void;
}

export class GuestNet {
  /** Resolves when the guest can be frozen: its service stands, and the gateway sends its flows here. */
  readonly ready: Promise<void>;
  #service: NetService | undefined;
  #waiting: unknown[] = [];
  #isOver = false;

  /** `state` of a guest that arrived, as freeze() gave it; the guest must have been told to run. */
  constructor(
    private readonly options: GuestNetOptions,
    state?: Uint8Array,
  ) {
    this.ready = this.#begin(state);
    this.ready.catch((error: unknown) => {
      options.host.log('error', 'a guest has no network', { pid: options.pid, reason: messageOf(error) });
    });
  }

  receive(message: unknown): void {
    if (this.#service) this.#service.receive(message);
    else this.#waiting.push(message);
  }

  /** Stops all its traffic and gives it as data. Undone by abort, made final by commit. */
  freeze(): Uint8Array {
    if (!this.#service) throw new GodwitError('GODWIT_PUT_OFF', 'Cannot capture the process yet: its network is being set up');
    return serialize(this.#service.freeze());
  }

  abort(): void {
    this.#service?.abort();
  }

  commit(): void {
    this.#isOver = true;
    this.#service?.commit();
  }

  /** The guest has ended: its ports close. Resolves when the gateway has all that it wrote. */
  async end(): Promise<void> {
    this.#isOver = true;
    if (!this.#service) return;
    this.#service.end();
    await (await this.options.flows.open()).agent.gone(this.options.pid);
  }

  async #begin(state: Uint8Array | undefined): Promise<void> {
    const { flows, ...rest } = this.options;
    const { agent, publicHost } = await flows.open();
    if (this.#isOver) return;
    const options = { ...rest, flows: agent, publicHost };
    let thawed: Promise<void> | undefined;
    if (state === undefined) this.#service = new NetService(options);
    else ({ service: this.#service, thawed } = NetService.arrive(options, parseState(state)));
    for (const message of this.#waiting.splice(0)) this.#service.receive(message);
    await thawed;
  }
}

function parseState(bytes: Uint8Array): NetServiceState {
  const state = deserialize(bytes) as NetServiceState; // from a node that proved to hold the cluster's secret
  const lists = [state?.outbox, state?.late, state?.flows];
  if (!lists.every(Array.isArray) || !(state.sockets instanceof Map) || !(state.servers instanceof Map))
    throw new GodwitError('GODWIT_PROTOCOL', 'Cannot load a process: its network state is malformed');
  return state;
}

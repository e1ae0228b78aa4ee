/**
 * This node's end of the gateway: one FlowAgent for all its guests, connected when the first of them needs it.
 * Keeps true: a node has at most one agent; whoever asks while it connects gets the same.
 */

import { type Host, messageOf } from '@godwit/checkpoint/base';
import { FlowAgent, type Gateway } from '@godwit/natgateway';
import type { Bus } from '../cluster/index.js';
import { findClusterGateway, type GatewayEntry, startClusterGateway } from './cluster-gateway.js';
import { nodeLimits } from './limits.js';

export interface NodeFlowsOptions {
  readonly bus: Bus;
  readonly host: Host;
  readonly node: number;
  /** ClusterSettings.secret. */
  readonly secret: string;
}

export interface OpenFlows {
  readonly agent: FlowAgent;
  readonly publicHost: string;
}

export class NodeFlows {
  #opening: Promise<OpenFlows> | undefined;
  #agent: FlowAgent | undefined;
  #gateway: Gateway | undefined;
  #isOver = false;

  constructor(private readonly options: NodeFlowsOptions) {}

  /** The agent, connected. @throws GODWIT_GATEWAY_LOST and what the bus throws; asking again tries again */
  open(): Promise<OpenFlows> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Runs the gateway in this process, if the cluster has none. */
  async serve(): Promise<void> {
    this.#gateway ??= await startClusterGateway(this.options.bus, this.options.host, this.options.secret);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#agent?.stop();
    await this.#gateway?.finish(nodeLimits.lastBytesMs);
    await this.#gateway?.stop();
  }

  async #open(): Promise<OpenFlows> {
    const { bus, host } = this.options;
    let failure: unknown;
    for (let attempt = 0; attempt < nodeLimits.gatewayTries && !this.#isOver; attempt++) {
      const entry = await findClusterGateway(bus);
      try {
        if (entry) return await this.#connect(entry);
      } catch (error) {
        failure = error;
        host.log('warn', 'the gateway does not answer', { reason: messageOf(error) });
      }
      const own = await startClusterGateway(bus, host, this.options.secret, entry?.revision);
      if (own) this.#gateway = own;
    }
    throw failure;
  }

  async #connect({ host: gatewayHost, port: gatewayPort, path: gatewayPath, publicHost }: GatewayEntry): Promise<OpenFlows> {
    const { host, node, secret } = this.options;
    const agent = await FlowAgent.start({ host, node: `node-${node}`, secret, gatewayHost, gatewayPort, gatewayPath });
    this.#agent = agent;
    if (this.#isOver) agent.stop();
    return { agent, publicHost };
  }
}

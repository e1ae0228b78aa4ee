/**
 * A process seen by the command that is attached to it: its output goes to stdout and stderr, byte for byte and in order; its end comes
 * after its last byte. A process that was lost, or whose last output does not come, ends with the reason instead.
 */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Subscription } from '../cluster/index.js';
import { outputSubject } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { OutputOrder } from '../node/output-order.js';
import { outputLater, outputTaken } from '../node/output-sender.js';
import type { CommandCluster } from './cluster.js';

export type AttachedEnd = { code: number; signal?: string; reason?: string } | { lost: string };

export class AttachedProcess {
  readonly ended: Promise<AttachedEnd>;
  #end!: (end: AttachedEnd) => void;
  #subscriptions: Subscription[] = [];

  private constructor(
    private readonly cluster: CommandCluster,
    private readonly pid: number,
  ) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** `firstSeq`: the number of the first chunk that is to come; more than 1 for a process out of an image. */
  static async attach(cluster: CommandCluster, pid: number, firstSeq = 1): Promise<AttachedProcess> {
    const attached = new AttachedProcess(cluster, pid);
    await attached.#follow(firstSeq);
    return attached;
  }

  detach(): void {
    for (const subscription of this.#subscriptions) subscription.stop();
  }

  async #follow(firstSeq: number): Promise<void> {
    const { bus, host, locations } = this.cluster;
    const order = new OutputOrder(({ fd, body }) => {
      if (fd === 0) this.#end(JSON.parse(Buffer.from(body).toString('utf8')) as AttachedEnd);
      else (fd === 1 ? process.stdout : process.stderr).write(body);
    }, firstSeq);
    const take = async (payload: Uint8Array) => {
      // The message's memory is the connection's, a stream keeps what it is given.
      const isTaken = order.accept(Buffer.from(payload));
      await Promise.all([room(process.stdout), room(process.stderr)]);
      return Uint8Array.of(isTaken ? outputTaken : outputLater);
    };
    this.#subscriptions.push(
      bus.subscribe(outputSubject(this.pid), (message) => void take(message.payload).then((answer) => message.respond(answer))),
    );
    const watch = await locations.watch((pid, location) => {
      if (pid !== this.pid || !location || location.state === 'running') return;
      if (location.state === 'lost') this.#end({ lost: location.reason ?? 'its node was lost' });
      else host.after(nodeLimits.lastOutputMs, () => this.#end({ lost: 'it ended, but its last output did not arrive' }));
    });
    this.#subscriptions.push(watch);
  }
}

async function room(stream: Writable): Promise<void> {
  if (stream.writableNeedDrain) await once(stream, 'drain');
}

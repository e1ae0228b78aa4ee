/**
 * The guests of one node: their workers, spare ones, what they write and how they end. A guest is known here from its start or its
 * arrival until it ended or was handed over; its output may be on its way for longer.
 * Keeps true: an end counts only in the epoch under which this node owns the guest.
 */

import { assert, type Host, messageOf } from '@godwit/checkpoint/base';
import type { Bus } from '../cluster/index.js';
import type { GuestSettings } from '../guest/protocol.js';
import type { Exit, Locations } from '../process/index.js';
import type { ToGuest } from '../services/net/index.js';
import type { BundleText } from './bundles.js';
import { pause } from './control.js';
import { GuestNet } from './guest-net.js';
import { GuestUse, type UseBefore } from './guest-use.js';
import type { GuestEnd, GuestEvents, GuestWorker } from './guest-worker.js';
import { WorkerInspector } from './inspector.js';
import { nodeLimits } from './limits.js';
import { machineName } from './machine.js';
import type { NodeFlows } from './node-flows.js';
import { OutputSender } from './output-sender.js';
import { MachineRest } from './rest.js';
import { Spares } from './spares.js';

/** Where a guest may run and what it may take, as the user said when it was started. */
export interface GuestTerms {
  readonly pin: boolean;
  readonly memoryMb?: number | undefined;
  /** It runs on nodes of this pool only. */
  readonly pool?: string | undefined;
  /** What it is taken to want until it was measured, in cores. */
  readonly weight?: number | undefined;
  /** The command that shakes it moves it; the balancer leaves it alone. */
  readonly isShaken?: boolean | undefined;
}

/** What travels with a guest beside its pages. */
export interface GuestMeta extends GuestTerms {
  readonly bundleName: string;
  readonly settings: GuestSettings;
}

export interface HostedGuest {
  readonly pid: number;
  readonly meta: GuestMeta;
  readonly bundle: BundleText;
  readonly worker: GuestWorker;
  epoch: number;
  /** Number of the last chunk it wrote, here or before. */
  lastSeq: number;
  memoryBytes: number;
  readonly use: GuestUse;
  moving: boolean;
  /** From its first use of `node:net` on. */
  net: GuestNet | undefined;
  /** When its first instruction here ran. */
  readonly running: Promise<number>;
}

export class Guests {
  readonly hosted = new Map<number, HostedGuest>();
  readonly #senders = new Map<number, OutputSender>();
  readonly inspector = new WorkerInspector();
  readonly rest: MachineRest;
  readonly spares: Spares;
  #isOver = false;
  /** Set when the node has joined. */
  flows: NodeFlows | undefined;

  constructor(
    private readonly bus: Bus,
    readonly host: Host,
    private readonly locations: Locations,
    private readonly onKill: (pid: number, signal: string) => void,
    private readonly isOwner: () => boolean,
  ) {
    this.rest = new MachineRest(bus, machineName);
    this.spares = new Spares(this.inspector, host, this.rest);
  }

  /** Makes the record of a guest and what listens to it; it is not hosted yet. */
  adopt(
    pid: number,
    epoch: number,
    meta: GuestMeta,
    bundle: BundleText,
    worker: GuestWorker,
    lastSeq: number,
    before?: UseBefore,
  ): { guest: HostedGuest; events: GuestEvents } {
    let started: (atMs: number) => void = () => {};
    const running = new Promise<number>((resolve) => {
      started = resolve;
    });
    const use = new GuestUse(worker, this.host, before);
    const guest: HostedGuest = {
      pid,
      epoch,
      meta,
      bundle,
      worker,
      lastSeq,
      memoryBytes: 0,
      moving: false,
      net: undefined,
      use,
      running,
    };
    const events: GuestEvents = {
      output: (fd, seq, bytes) => {
        guest.lastSeq = seq;
        this.#write(pid, seq, fd, bytes);
      },
      send: (service, message) => this.#hear(guest, service, message),
      ended: (end) => void this.end(guest, end),
      running: (atMs) => started(atMs),
    };
    return { guest, events };
  }

  /** It runs on another node from here on. */
  handOver(guest: HostedGuest): void {
    if (this.hosted.get(guest.pid) !== guest) return;
    this.hosted.delete(guest.pid);
    this.#senders.get(guest.pid)?.handOver();
  }

  /** Ends a guest here and tells the cluster and its reader. */
  async end(guest: HostedGuest, end: GuestEnd): Promise<void> {
    if (this.hosted.get(guest.pid) !== guest) return; // handed over, or ended already
    this.hosted.delete(guest.pid);
    // As with node: who sees the process end may rely on what it wrote to its connections being on its way.
    if (guest.net) await Promise.race([guest.net.end(), pause(this.host, nodeLimits.lastBytesMs)]);
    const exit: Exit = end.signal === undefined ? { code: end.code } : { signal: end.signal };
    if (await this.#enterEnd(guest, exit)) this.#write(guest.pid, guest.lastSeq + 1, 0, Buffer.from(JSON.stringify(end)));
  }

  async kill(guest: HostedGuest, signal: string): Promise<void> {
    const ended = this.end(guest, { code: 0, signal });
    await guest.worker.terminate();
    await ended;
  }

  /** Ends a held guest whose image is safe. */
  async stopForImage(guest: HostedGuest): Promise<void> {
    const ended = this.end(guest, { code: 0, signal: 'SIGKILL', reason: 'stopped with a checkpoint, its image can be restored' });
    await guest.worker.terminate();
    await ended;
  }

  /** All output of guests that are or were here was taken. */
  async outputIdle(): Promise<void> {
    await Promise.all([...this.#senders.values()].map((sender) => sender.idle()));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    const workers = [...this.hosted.values()].map(({ worker }) => worker);
    this.hosted.clear();
    await Promise.all([this.spares.stop(), ...workers.map((worker) => worker.terminate())]);
  }

  #write(pid: number, seq: number, fd: 0 | 1 | 2, bytes: Uint8Array): void {
    const known = this.#senders.get(pid);
    const sender = known ?? new OutputSender(this.bus, this.host, pid, this.isOwner);
    sender.push(seq, fd, bytes);
    if (known) return;
    this.#senders.set(pid, sender);
    // Kept only while it has something to send; what comes later gets a new one, and the reader does not mind.
    void sender.idle().then(() => this.#senders.delete(pid));
  }

  /** Gives a guest its network: on its first use, or on its arrival with what it brought. */
  openNet(guest: HostedGuest, state?: Uint8Array): GuestNet {
    assert(this.flows, 'a node that hosts guests has joined');
    const { pid, epoch, worker } = guest;
    const post = (messages: readonly ToGuest[]): void => worker.deliver('net', messages);
    guest.net = new GuestNet({ pid, epoch, flows: this.flows, host: this.host, post }, state);
    return guest.net;
  }

  #hear(guest: HostedGuest, service: string, message: unknown): void {
    if (service === 'net') (guest.net ?? this.openNet(guest)).receive(message);
    if (service === 'signalDefault') void this.kill(guest, String(message));
    if (service !== 'process') return;
    const { op, pid, signal } = message as { op: string; pid: number; signal: string | number };
    if (op === 'kill') this.onKill(pid, String(signal));
  }

  async #enterEnd(guest: HostedGuest, exit: Exit): Promise<boolean> {
    for (;;) {
      try {
        return await this.locations.end(guest.pid, guest.epoch, exit);
      } catch (error) {
        this.host.log('warn', 'an end could not be entered yet', { pid: guest.pid, reason: messageOf(error) });
        if (this.#isOver) return false;
        await pause(this.host, nodeLimits.outputRetryMaxMs);
      }
    }
  }
}

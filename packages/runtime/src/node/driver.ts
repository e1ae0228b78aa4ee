/**
 * The migration driver over real workers: capture holds the guest, load rebuilds it in a spare worker, run lets it go.
 * Sections of an essence: `meta` (JSON), `net` (the guest's connections, if it has any), then one `page` for each heap page, or for the first
 * parcel, after which the drain brings the others.
 * Keeps true: a held worker is either let go on or terminated; a guest is hosted by at most one of its copies on this node.
 */

import { assert, GodwitError } from '@godwit/checkpoint/base';
import type { Bus } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import {
  type ArrivalOutcome,
  DrainEstimate,
  type IncomingSection,
  type MigrationDriver,
  type MoveNeeds,
  type MoveRef,
  moveName,
  type NextParcel,
  type OutgoingSection,
  type PageChannel,
  PageReceiver,
  PageSender,
  Refusal,
} from '../migrate/index.js';
import type { BundleStore, BundleText } from './bundles.js';
import { CaptureRecord, type PutOffReason } from './capture-record.js';
import { pause } from './control.js';
import { DrainRecord } from './drain-record.js';
import { type GuestWorker, movesInParcels } from './guest-worker.js';
import type { GuestMeta, Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';

interface Departing {
  readonly guest: HostedGuest;
  isHeld: boolean;
  isCalledOff: boolean;
  /** Of what there is of it besides its essence. */
  rest?: DrainEstimate;
  sender?: PageSender;
}

interface Arriving {
  worker?: GuestWorker;
  bundle?: BundleText;
  guest?: HostedGuest;
  /** Its connections, frozen. */
  net?: Uint8Array;
  isDropped: boolean;
  isPartial: boolean;
  leftBytes: number;
  receiver?: PageReceiver;
  stoppedAtMs: number;
}

/** What a capture cost, for the report of the move. */
export interface CaptureCost {
  readonly essenceBytes: number;
  readonly pages: number;
  readonly isPartial: boolean;
  readonly putOff: readonly PutOffReason[];
}

export class WorkerDriver implements MigrationDriver {
  readonly #departing = new Map<string, Departing>();
  readonly #arriving = new Map<string, Arriving>();
  /** Of guests that arrived here, by pid: their pause, when it is known. */
  readonly pauses = new Map<number, { epoch: number; pauseMs: Promise<number> }>();
  readonly costs = new Map<string, CaptureCost>();
  /** Of moves under way, and of those that nobody has told of yet. */
  readonly records = new Map<string, CaptureRecord>();
  /** Of guests that came here in parcels, by pid: the last of each, the latest guests last. */
  readonly drains = new Map<number, DrainRecord>();
  /** PIDs of guests of which a move turned out not to have all: the next will. */
  readonly #disproved = new Set<number>();
  isDraining = false;
  /** Is told when a drain to this node is over. */
  onDrained: (pid: number, drain: DrainRecord) => void = () => {};

  constructor(
    private readonly guests: Guests,
    private readonly bundles: BundleStore,
    private readonly bus: Bus,
  ) {}

  async capture(move: MoveRef): Promise<AsyncIterable<OutgoingSection>> {
    const guest = this.guests.hosted.get(move.pid);
    if (!guest || guest.epoch !== move.epoch)
      throw new GodwitError('GODWIT_NOT_HERE', `Cannot move process ${move.pid}: it is not here`);
    if (guest.moving)
      throw new GodwitError('GODWIT_PUT_OFF', `Cannot move process ${move.pid}: a checkpoint of it is being taken`);
    const departing: Departing = { guest, isHeld: false, isCalledOff: false };
    this.#departing.set(moveName(move), departing);
    guest.moving = true;
    this.#disproved.delete(move.pid);
    const record = new CaptureRecord();
    this.records.set(moveName(move), record);
    try {
      await guest.net?.ready;
      this.guests.rest.begin();
      const timeoutMs = nodeLimits.captureTimeoutMs;
      const captured = await guest.worker.capture({
        hold: true,
        inParcels: movesInParcels,
        isProvenLater: true,
        timeoutMs,
        record,
      });
      const net = freezeNet(guest);
      if (departing.isCalledOff) {
        guest.net?.abort();
        guest.worker.goOn();
        throw new GodwitError('GODWIT_PUT_OFF', `Cannot move process ${move.pid}: the move was called off`);
      }
      departing.isHeld = true;
      const { pages, isPartial, stoppedAtMs, report, proof } = captured;
      const rest = isPartial ? new DrainEstimate(report.heldBytes) : undefined;
      if (rest) departing.rest = rest;
      const essenceBytes = pages.reduce((sum, page) => sum + page.byteLength, 0);
      // Of a part the whole is not known: what V8 held of it.
      guest.memoryBytes = isPartial ? report.heldBytes.heap + report.heldBytes.external : report.heapBytes;
      this.costs.set(moveName(move), { essenceBytes, pages: pages.length, isPartial, putOff: record.putOff });
      const { cpuMs, demandCores = null } = guest.use;
      const { meta: terms, lastSeq, memoryBytes } = guest;
      const leftBytes = rest?.leftBytes ?? 0;
      const pageCount = pages.length;
      const meta = { ...terms, lastSeq, memoryBytes, isPartial, leftBytes, pageCount, stoppedAtMs, cpuMs, demandCores };
      proof.catch((error: GodwitError) => {
        if (error.code === 'GODWIT_PUT_OFF') this.#disproved.add(move.pid);
      });
      return essenceOf(encodeJson(meta), net, pages, proof);
    } catch (error) {
      this.#departing.delete(moveName(move));
      // One that was called off may end when the next is under way.
      guest.moving = [...this.#departing.values()].some((other) => other.guest === guest && !other.isCalledOff);
      this.guests.rest.end();
      throw error;
    }
  }

  /** Whether the last move of a guest did not have all of it; it is forgotten then. */
  takeDisproved(pid: number): boolean {
    return this.#disproved.delete(pid);
  }

  async takeBack(move: MoveRef): Promise<void> {
    const departing = this.#departing.get(moveName(move));
    if (!departing) return; // the capture failed by itself
    departing.isCalledOff = true;
    departing.guest.moving = false;
    if (!departing.isHeld) return;
    this.#departing.delete(moveName(move));
    departing.guest.net?.abort();
    departing.guest.worker.goOn();
    this.guests.rest.end();
  }

  handOver(move: MoveRef, pages?: PageChannel): void {
    const departing = this.#departing.get(moveName(move));
    if (!departing || this.guests.hosted.get(move.pid) !== departing.guest) return;
    if (pages && departing.rest) departing.sender = this.#serve(departing.guest.worker, pages, departing.rest);
    this.guests.handOver(departing.guest);
    this.guests.rest.end();
    departing.guest.net?.commit();
  }

  release(move: MoveRef): void {
    this.handOver(move);
    const departing = this.#departing.get(moveName(move));
    this.#departing.delete(moveName(move));
    departing?.sender?.stop();
    void departing?.guest.worker.terminate();
  }

  #serve(worker: GuestWorker, pages: PageChannel, rest: DrainEstimate): PageSender {
    const next: NextParcel = async (bytes, wanted) => {
      const answer = await worker.parcel({ bytes, wanted });
      if ('failed' in answer) throw new GodwitError('GODWIT_CANNOT_CAPTURE', answer.failed);
      const parcel = answer.parcel ?? new Uint8Array(0);
      rest.made(parcel.byteLength, answer);
      return { parcel, isLast: answer.isLast, leftBytes: rest.leftBytes };
    };
    return new PageSender(pages, next, () => worker.cutParcel());
  }

  async reserve(move: MoveRef, needs: MoveNeeds): Promise<void> {
    if (this.isDraining) throw new Refusal('draining', 'the node is being emptied');
    if (needs.platform !== platform())
      throw new Refusal('other-platform', `it needs ${needs.platform}, this node has ${platform()}`);
    const arriving: Arriving = { isDropped: false, isPartial: false, leftBytes: 0, stoppedAtMs: 0 };
    this.#arriving.set(moveName(move), arriving);
    const bundle = await this.bundles.load(needs.bundle, this.bus).catch((error: Error) => {
      throw new Refusal('no-bundle', error.message);
    });
    const memoryMb = memoryOf(needs);
    if (needs.features.includes(netFeature)) {
      await this.guests.flows?.open().catch((error: Error) => {
        throw new Refusal('missing-feature', `the gateway cannot be reached from here: ${error.message}`);
      });
    }
    const worker = await this.guests.spares.takeWarm(memoryMb);
    arriving.worker = worker;
    arriving.bundle = bundle;
    // Early enough for slices of rehearsals that are under way to be over when the guest is stopped.
    this.guests.rest.begin();
    await worker.prepare(bundle).catch((error: Error) => {
      throw new Refusal('failed', error.message);
    });
    if (arriving.isDropped) await worker.terminate();
  }

  async load(move: MoveRef, sections: AsyncIterable<IncomingSection>): Promise<{ complete: boolean }> {
    const arriving = this.#arriving.get(moveName(move));
    assert(arriving, 'a move is reserved before it is loaded');
    let meta: TravellingMeta | undefined;
    let isComplete: Promise<{ complete: boolean }> | undefined;
    const pages: Uint8Array[] = [];
    for await (const section of sections) {
      if (section.name === 'meta') meta = parseMeta(await section.collect());
      else if (section.name === 'net') arriving.net = await section.collect();
      else pages.push(new Uint8Array(await section.collect()));
      if (isComplete || pages.length !== meta?.pageCount) continue;
      // Its source still looks whether this is all, which ends the sections.
      isComplete = this.#restore(move, arriving, meta, pages);
      isComplete.catch(() => {});
    }
    if (!isComplete)
      throw new GodwitError('GODWIT_PROTOCOL', 'Cannot load a process: its description or a part of it is missing');
    return isComplete;
  }

  async #restore(move: MoveRef, arriving: Arriving, meta: TravellingMeta, pages: Uint8Array[]): Promise<{ complete: boolean }> {
    const { bundle, worker } = arriving;
    assert(worker && bundle, 'a reservation has its worker and its bundle');
    const { lastSeq, stoppedAtMs, memoryBytes, isPartial, leftBytes, pageCount: _, cpuMs, demandCores, ...rest } = meta;
    const before = { cpuMs, demandCores: demandCores ?? undefined };
    const { guest, events } = this.guests.adopt(move.pid, move.epoch + 1, rest, bundle, worker, lastSeq, before);
    guest.memoryBytes = memoryBytes;
    await worker.restore(bundle, rest.settings, pages, events, { isPartial });
    arriving.guest = guest;
    arriving.isPartial = isPartial;
    arriving.leftBytes = leftBytes;
    arriving.stoppedAtMs = stoppedAtMs;
    return { complete: !isPartial };
  }

  async run(move: MoveRef, pages: PageChannel): Promise<void> {
    const arriving = this.#arriving.get(moveName(move));
    assert(arriving?.guest, 'a guest is loaded before it runs');
    if (arriving.isPartial) arriving.receiver = this.#receive(arriving.guest.worker, move, pages, arriving.leftBytes);
    const { guest, stoppedAtMs } = arriving;
    this.guests.hosted.set(move.pid, guest);
    this.pauses.set(move.pid, { epoch: guest.epoch, pauseMs: guest.running.then((atMs) => atMs - stoppedAtMs) });
    forgetOldest(this.pauses);
    guest.worker.run();
    this.guests.rest.end();
    // After run: until then the thread has nobody to give messages to.
    if (arriving.net) this.guests.openNet(guest, arriving.net);
  }

  async drained(move: MoveRef): Promise<void> {
    await this.#arriving.get(moveName(move))?.receiver?.drained;
  }

  #receive(worker: GuestWorker, { pid, epoch, fromNode }: MoveRef, pages: PageChannel, leftBytes: number): PageReceiver {
    const { host } = this.guests;
    const drain = new DrainRecord(host, epoch + 1, leftBytes);
    this.drains.delete(pid);
    this.drains.set(pid, drain);
    forgetOldest(this.drains);
    const receiver = new PageReceiver(pages, host, fromNode, (parcel, isLast, left) => {
      drain.parcel(parcel.byteLength, isLast, left);
      return worker.feed(parcel, isLast);
    });
    worker.onWish(
      (wanted) => {
        drain.stands();
        receiver.want(wanted);
      },
      (wanted, waitedMs) => drain.stood(wanted, waitedMs),
    );
    void worker.gone.then(() => receiver.end());
    return receiver;
  }

  drop(move: MoveRef): void {
    const arriving = this.#arriving.get(moveName(move));
    this.#arriving.delete(moveName(move));
    if (!arriving) return;
    arriving.isDropped = true;
    if (arriving.guest && this.guests.hosted.get(move.pid) === arriving.guest) this.guests.hosted.delete(move.pid);
    void arriving.worker?.terminate();
  }

  settled(move: MoveRef, outcome: ArrivalOutcome): void {
    const worker = this.#arriving.get(moveName(move))?.worker;
    this.#arriving.delete(moveName(move));
    const drain = this.drains.get(move.pid);
    if (drain?.epoch !== move.epoch + 1) return;
    void this.#endDrain(move.pid, drain, worker, outcome.kind === 'arrived' ? undefined : outcome.reason);
  }

  async #endDrain(
    pid: number,
    drain: DrainRecord,
    worker: GuestWorker | undefined,
    lostBecause: string | undefined,
  ): Promise<void> {
    // A guest that waited for the last parcel goes on by now, and its thread says how long it was.
    worker?.hearOut();
    if (lostBecause === undefined)
      await Promise.race([drain.going(), worker?.gone, pause(this.guests.host, nodeLimits.lastFaultMs)]);
    drain.end(lostBecause);
    this.onDrained(pid, drain);
  }
}

function forgetOldest(kept: Map<number, unknown>): void {
  for (const oldest of kept.keys()) {
    if (kept.size <= nodeLimits.pausesKept) break;
    kept.delete(oldest);
  }
}

/** A guest that uses the network needs a node that reaches the gateway. */
const netFeature = 'net';
/** It may come in parcels. */
const parcelsFeature = 'parcels';

/** Stops the traffic of a guest that was just captured; if that cannot be, the guest goes on. */
function freezeNet(guest: HostedGuest): Uint8Array | undefined {
  try {
    return guest.net?.freeze();
  } catch (error) {
    guest.worker.goOn();
    throw error;
  }
}

/** Images restore only where these match. */
export function platform(): string {
  return `node ${process.versions.node} v8 ${process.versions.v8}`;
}

/** A guest with a limit of its own says so in what it needs. */
export function needsOf(guest: HostedGuest): MoveNeeds {
  const features = guest.meta.memoryMb === undefined ? [] : [`memory-mb=${guest.meta.memoryMb}`];
  if (guest.net) features.push(netFeature);
  if (movesInParcels) features.push(parcelsFeature);
  return { memoryBytes: guest.memoryBytes, bundle: guest.meta.bundleName, features, platform: platform() };
}

function memoryOf(needs: MoveNeeds): number | undefined {
  for (const feature of needs.features) {
    if (feature === netFeature || (feature === parcelsFeature && movesInParcels)) continue;
    const limit = /^memory-mb=(\d+)$/.exec(feature);
    if (!limit) throw new Refusal('missing-feature', `this node does not know "${feature}"`);
    return Number(limit[1]);
  }
  return undefined;
}

interface TravellingMeta extends GuestMeta {
  readonly lastSeq: number;
  readonly stoppedAtMs: number;
  readonly memoryBytes: number;
  readonly isPartial: boolean;
  readonly leftBytes: number;
  /** Pages that come after this. */
  readonly pageCount: number;
  readonly cpuMs: number;
  readonly demandCores: number | null;
}

/** What travels of a guest: its end comes when it is known to be all of it. */
async function* essenceOf(
  meta: Uint8Array,
  net: Uint8Array | undefined,
  pages: readonly Uint8Array[],
  proof: Promise<void>,
): AsyncGenerator<OutgoingSection> {
  yield { name: 'meta', content: meta };
  if (net) yield { name: 'net', content: net };
  for (const content of pages) yield { name: 'page', content };
  await proof;
}

function parseMeta(bytes: Uint8Array): TravellingMeta {
  const value = decodeJson(bytes, 'description of a process');
  const { lastSeq, stoppedAtMs, memoryBytes, leftBytes, pageCount, cpuMs, demandCores } = value;
  const counts = [lastSeq, stoppedAtMs, memoryBytes, leftBytes, pageCount, cpuMs, demandCores ?? 0];
  const good =
    typeof value.bundleName === 'string' &&
    typeof value.settings === 'object' &&
    typeof value.isPartial === 'boolean' &&
    counts.every((count) => typeof count === 'number');
  if (!good) throw new GodwitError('GODWIT_PROTOCOL', 'Cannot load a process: its description is malformed');
  return value as unknown as TravellingMeta; // from a node that proved to hold the cluster's secret
}

/**
 * Images of this node's guests for commands, and guests out of images. A checkpoint that shall stop its guest holds it until the command
 * says that the image is safe on its disk; a command that is not heard of any more lets the guest go on.
 * Keeps true: a guest ends here only after its image was acknowledged; a restored one runs only once its PID is its own.
 */

import { GodwitError, type Host, type TimerHandle } from '@godwit/checkpoint/base';
import type { Bus } from '../cluster/index.js';
import { homeOf, type Locations, type PidAllocator } from '../process/index.js';
import type { BundleStore } from './bundles.js';
import { CaptureRecord } from './capture-record.js';
import type { CheckpointReport, RestoreRequest } from './control.js';
import type { Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';
import { fetchBytes, Offers } from './pieces.js';
import { decodeProcessImage, encodeProcessImage, type ProcessImage } from './process-image.js';
import { notHere } from './signals.js';

export interface ImagesOptions {
  readonly bus: Bus;
  readonly host: Host;
  readonly guests: Guests;
  readonly bundles: BundleStore;
  readonly locations: Locations;
  readonly pids: PidAllocator;
  readonly node: number;
  readonly stride: number;
  /** Tells whoever listens what a capture took. */
  readonly tellCapture: (pid: number, record: CaptureRecord) => void;
  /** Makes the mother keep the output of a detached process. */
  readonly keepLog: (home: number, pid: number, firstSeq: number) => Promise<void>;
}

interface Held {
  readonly guest: HostedGuest;
  readonly timer: TimerHandle;
}

export class Images {
  readonly #held = new Map<string, Held>();
  readonly #offers: Offers;

  constructor(private readonly options: ImagesOptions) {
    this.#offers = new Offers(options.bus, options.host);
  }

  /** Takes an image of a guest and offers it. @throws GODWIT_PINNED, GODWIT_PUT_OFF, GODWIT_ENDED, GODWIT_BUSY */
  async take(guest: HostedGuest, isStopped: boolean): Promise<CheckpointReport> {
    if (guest.moving) throw notHere(guest.pid);
    const { host, locations } = this.options;
    guest.moving = true;
    let isHeld = false;
    const record = new CaptureRecord();
    try {
      const captured = await guest.worker.capture({ hold: isStopped, timeoutMs: nodeLimits.captureTimeoutMs, record });
      isHeld = isStopped;
      if (guest.net) throw networked(guest.pid);
      if (!isHeld) guest.moving = false;
      // On the clock of the worker's own stamp.
      const pauseMs = performance.timeOrigin + performance.now() - captured.stoppedAtMs;
      const { pages, report } = captured;
      guest.memoryBytes = report.heapBytes;
      const name = (await locations.read(guest.pid))?.name ?? '';
      const image = await encodeProcessImage({ guest, name, pages, report, nowMs: host.nowMs() });
      const offered = this.#offers.offer(image);
      if (isHeld) this.#hold(offered.name, guest);
      return {
        image: offered,
        pid: guest.pid,
        node: this.options.node,
        pauseMs: isHeld ? null : pauseMs,
        frames: report.frames.length,
        putOff: record.putOff,
      };
    } catch (error) {
      guest.moving = false;
      if (isHeld) guest.worker.goOn();
      throw error;
    } finally {
      this.options.tellCapture(guest.pid, record);
    }
  }

  /** The image arrived, or was given up: a held guest ends, or goes on. @throws GODWIT_NOT_HELD when it goes on already */
  async settle(image: string, isSafe: boolean): Promise<void> {
    this.#offers.stop(image);
    const held = this.#held.get(image);
    this.#held.delete(image);
    held?.timer.cancel();
    if (isSafe && !held)
      throw new GodwitError('GODWIT_NOT_HELD', 'Cannot stop the process: it was let go on, nobody asked for its image');
    if (!held) return;
    if (isSafe) await this.options.guests.stopForImage(held.guest);
    else this.#letGo(held.guest);
  }

  /** Runs a process out of an image that somebody offers. @throws GODWIT_IMAGE_*, GODWIT_PID_TAKEN, GODWIT_CANNOT_RESTORE */
  async restore(request: RestoreRequest): Promise<{ pid: number; firstSeq: number }> {
    const { guests, bundles, bus, pids, node, stride } = this.options;
    const image = await decodeProcessImage(await fetchBytes(bus, request.image));
    const bundle = await bundles.load(bundles.saveText(image.bundle), bus);
    const { name, lastSeq, memoryBytes, ...meta } = image.meta;
    const formerPid = meta.settings.pid;
    const pid = request.samePid ? formerPid : await pids.allocate();
    if (request.samePid) await this.#checkFree(pid);
    const worker = await guests.spares.take(meta.memoryMb);
    try {
      const settings = { ...meta.settings, pid };
      const { guest, events } = guests.adopt(pid, 0, { ...meta, settings }, bundle, worker, lastSeq);
      guest.memoryBytes = memoryBytes;
      await worker.restore(bundle, settings, image.pages, events, { formerPid });
      guest.epoch = await this.#enter(pid, image);
      const firstSeq = lastSeq + 1;
      if (request.detached) await this.options.keepLog(request.samePid ? homeOf(pid, stride) : node, pid, firstSeq);
      guests.hosted.set(pid, guest);
      worker.run();
      return { pid, firstSeq };
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  async #checkFree(pid: number): Promise<void> {
    if ((await this.options.locations.read(pid))?.state === 'running') throw taken(pid);
  }

  /** Gives the epoch under which the process lives here. */
  async #enter(pid: number, { header, meta }: ProcessImage): Promise<number> {
    const { locations, host, node, stride } = this.options;
    const location = await locations.restore({
      pid,
      node,
      home: homeOf(pid, stride),
      name: meta.name,
      argv: header.guest.argv,
      startedAtMs: host.nowMs(),
    });
    if (!location) throw taken(pid);
    return location.epoch;
  }

  #hold(image: string, guest: HostedGuest): void {
    const timer = this.options.host.after(nodeLimits.imageHeldMs, () => {
      this.#held.delete(image);
      this.#letGo(guest);
    });
    this.#held.set(image, { guest, timer });
  }

  #letGo(guest: HostedGuest): void {
    guest.moving = false;
    guest.worker.goOn();
  }
}

/** Its connections are the gateway's and the peers' too: a second life of the process cannot have them. */
function networked(pid: number): GodwitError {
  return new GodwitError(
    'GODWIT_PINNED',
    `Cannot take an image of process ${pid}: it uses the network, and an image cannot hold connections (it can be moved)`,
    { fields: { pid } },
  );
}

function taken(pid: number): GodwitError {
  return new GodwitError('GODWIT_PID_TAKEN', `Cannot restore process ${pid} under its PID: a process with it is running`, {
    fields: { pid },
  });
}

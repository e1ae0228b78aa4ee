/**
 * One multiplexed link between a node and the gateway: a reliable, ordered stream of frames that outlives its TCP connections.
 * All bytes sent are kept until the far end says it has them (LINK_ACK); a new connection starts with what the far end lacks.
 *
 *   send() → batch of this event-loop turn → one writev → kept for replay ... LINK_ACK → freed
 *
 * Kept true: each frame is handed on once and in order, whatever happens to the connections. Flow credit bounds what flows may
 * send; `writable` bounds it for the link as a whole. Not here: who the far end is (handshake), what frames mean.
 */

import type { Socket } from 'node:net';
import { assert, type Host, type TimerHandle } from '@godwit/checkpoint/base';
import type { GatewayLimits } from '../limits.js';
import { FrameType, headerBytes, writeHeader } from './frames.js';
import { type FrameHandler, FrameReader } from './reader.js';

const slabBytes = 64 * 1024;

export interface LinkEvents {
  onFrame: FrameHandler;
  /** The link may take flow data again. */
  onDrain(): void;
  /** The connection is gone; the link waits for another one. */
  onDetach(reason: string): void;
  /** The far end broke the protocol: this session cannot go on. */
  onBroken(reason: string): void;
}

export class Link {
  readonly #reader: FrameReader;
  #socket: Socket | null = null;
  #ended = false;
  // What was not written yet: whole buffers, then the open part of the slab [slabStart, slabEnd).
  #batch: Uint8Array[] = [];
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #slabStart = 0;
  #slabEnd = 0;
  #flushDue = false;
  #lazyTimer: TimerHandle | null = null;
  // What was written and may have to be written again: bytes from number keptFrom on.
  #kept: Uint8Array[] = [];
  #keptHead = 0;
  #keptFrom = 0;
  #keptBytes = 0;
  #batchBytes = 0;
  #wantsDrain = false;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #heardSinceBeat = true;

  constructor(
    private readonly host: Host,
    private readonly limits: GatewayLimits,
    private readonly events: LinkEvents,
  ) {
    this.#reader = new FrameReader(limits.dataFrameBytes, limits.controlFrameBytes, (header, payload) => {
      if (this.#ended) return; // ended by a frame before this one, in the same read
      if (header.type === FrameType.LINK_ACK) this.#onAcknowledged(header.seq);
      else events.onFrame(header, payload);
    });
  }

  /** Bytes of the far end's stream that arrived: where it has to go on. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get connected(): boolean {
    return this.#socket !== null;
  }

  /** False: flow data has to wait for onDrain. Control frames never wait. */
  get writable(): boolean {
    if (this.#keptBytes + this.#batchBytes < this.limits.linkReplayBytes) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Queues a frame; the frames of one event-loop turn leave together. Big payloads go by reference and must not change. */
  send(type: FrameType, id: number, seq = 0, aux = 0, payload?: Uint8Array): void {
    this.#append(type, id, seq, aux, payload);
    this.hurry();
  }

  /** The same for a frame that nobody waits for: to wake the far end costs more than the frame. It leaves with the next one, or after lazyAckMs. */
  sendLazily(type: FrameType, id: number, seq = 0, aux = 0): void {
    this.#append(type, id, seq, aux);
    if (this.#flushDue || this.#ended) return;
    this.#lazyTimer ??= this.host.after(this.limits.lazyAckMs, () => {
      this.#lazyTimer = null;
      this.hurry();
    });
  }

  /** What was sent lazily leaves with this turn. */
  hurry(): void {
    if (this.#flushDue || this.#ended || this.#batchBytes === 0) return;
    this.#flushDue = true;
    setImmediate(this.#flush);
  }

  #append(type: FrameType, id: number, seq: number, aux: number, payload?: Uint8Array): void {
    if (this.#ended) return;
    const length = payload === undefined ? 0 : payload.length;
    const copied = length <= this.limits.copyBytes ? length : 0;
    if (slabBytes - this.#slabEnd < headerBytes + copied) this.#newSlab();
    writeHeader(this.#slab, this.#slabEnd, type, id, seq, aux, length);
    this.#slabEnd += headerBytes;
    if (payload !== undefined && copied > 0) {
      this.#slab.set(payload, this.#slabEnd);
      this.#slabEnd += copied;
    } else if (payload !== undefined && length > 0) {
      this.#closeSlabPart();
      this.#batch.push(payload);
    }
    this.#batchBytes += headerBytes + length;
  }

  sendMessage(type: FrameType, id: number, message: unknown): void {
    const payload = Buffer.from(JSON.stringify(message));
    assert(payload.length <= this.limits.controlFrameBytes, 'a control message over its bound');
    this.send(type, id, 0, 0, payload);
  }

  /**
   * Goes on over a connection whose far end has `farReceivedBytes` of our stream. False: it has less than was acknowledged
   * or more than was sent, so it is not the far end of this link.
   */
  attach(socket: Socket, farReceivedBytes: number): boolean {
    if (this.#ended || farReceivedBytes < this.#keptFrom || farReceivedBytes > this.#keptFrom + this.#keptBytes) return false;
    this.#dropSocket();
    this.#free(farReceivedBytes);
    this.#socket = socket;
    this.#heardSinceBeat = true;
    socket.setNoDelay(true);
    socket.on('data', this.#onData);
    socket.on('close', this.#onClose);
    socket.on('error', ignore); // 'close' follows
    this.#replay(farReceivedBytes);
    socket.resume();
    return true;
  }

  /** Called every heartbeat: tells the far end what arrived, and cuts a connection on which nothing was heard for too long. */
  beat(silent: boolean): void {
    if (this.#socket === null) return;
    if (silent && !this.#heardSinceBeat) {
      this.cut('nothing heard');
      return;
    }
    if (silent) this.#heardSinceBeat = false;
    this.#acknowledge();
  }

  /** Cuts the connection, if there is one. The link itself goes on. */
  cut(reason: string): void {
    if (this.#socket === null) return;
    this.#dropSocket();
    this.events.onDetach(reason);
  }

  /** Ends the link for good: nothing is sent or handed on any more. */
  end(): void {
    this.#ended = true;
    this.#lazyTimer?.cancel();
    this.#dropSocket();
    this.#batch = [];
    this.#kept = [];
  }

  #newSlab(): void {
    this.#closeSlabPart();
    this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    this.#slabStart = 0;
    this.#slabEnd = 0;
  }

  #closeSlabPart(): void {
    if (this.#slabEnd === this.#slabStart) return;
    this.#batch.push(this.#slab.subarray(this.#slabStart, this.#slabEnd));
    this.#slabStart = this.#slabEnd;
  }

  readonly #flush = (): void => {
    this.#flushDue = false;
    if (this.#ended) return;
    this.#closeSlabPart();
    const batch = this.#batch;
    this.#batch = [];
    this.#keptBytes += this.#batchBytes;
    this.#batchBytes = 0;
    for (const part of batch) this.#kept.push(part);
    this.#write(batch);
  };

  #write(parts: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket === null || parts.length === 0) return;
    if (parts.length === 1) {
      socket.write(parts[0]!);
      return;
    }
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  }

  #replay(from: number): void {
    const parts: Uint8Array[] = [];
    let position = this.#keptFrom;
    for (let index = this.#keptHead; index < this.#kept.length; index += 1) {
      const part = this.#kept[index]!;
      if (position >= from) parts.push(part);
      else if (position + part.length > from) parts.push(part.subarray(from - position));
      position += part.length;
    }
    this.#write(parts);
  }

  #onAcknowledged(seq: number): void {
    if (seq > this.#keptFrom + this.#keptBytes) {
      this.#break('acknowledges bytes that were never sent');
      return;
    }
    this.#free(seq);
    if (this.#wantsDrain && this.#keptBytes + this.#batchBytes < this.limits.linkReplayBytes / 2) {
      this.#wantsDrain = false;
      this.events.onDrain();
    }
  }

  /** Whole buffers below `seq` are freed; one that straddles it stays until the next time. */
  #free(seq: number): void {
    while (this.#keptHead < this.#kept.length) {
      const length = this.#kept[this.#keptHead]!.length;
      if (this.#keptFrom + length > seq) break;
      this.#kept[this.#keptHead] = freed;
      this.#keptHead += 1;
      this.#keptFrom += length;
      this.#keptBytes -= length;
    }
    if (this.#keptHead > 256 || this.#keptHead === this.#kept.length) {
      this.#kept.splice(0, this.#keptHead);
      this.#keptHead = 0;
    }
  }

  #acknowledge(): void {
    this.#acknowledgedBytes = this.#receivedBytes;
    this.send(FrameType.LINK_ACK, 0, this.#receivedBytes);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#heardSinceBeat = true;
    this.#receivedBytes += bytes.length;
    const problem = this.#reader.feed(bytes);
    if (problem !== null) {
      this.#break(problem);
      return;
    }
    if (this.#receivedBytes - this.#acknowledgedBytes >= this.limits.linkAckBytes) this.#acknowledge();
  };

  #break(reason: string): void {
    this.end();
    this.events.onBroken(reason);
  }

  readonly #onClose = (): void => {
    this.cut('connection closed');
  };

  #dropSocket(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    socket.off('data', this.#onData);
    socket.off('close', this.#onClose);
    socket.destroy();
  }
}

const freed = new Uint8Array(0);
const ignore = (): void => {};

/**
 * Output records on the wire, and the reader's side of them. A batch is a run of records:
 *   u32 body length | u48 seq | u8 fd (1, 2; 0: the end, a JSON body) | u8 last piece of this seq | u32 offset in this seq | body
 * Keeps true: every byte is delivered once and in order of (seq, offset), whoever sent it, however often; the end comes last.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { nodeLimits } from './limits.js';

export interface OutputRecord {
  readonly seq: number;
  /** 0 marks the end of the process; the body is how it ended. */
  readonly fd: 0 | 1 | 2;
  readonly offset: number;
  readonly isLast: boolean;
  readonly body: Uint8Array;
}

const headerBytes = 16;

export function encodeRecord({ seq, fd, offset, isLast, body }: OutputRecord): Buffer {
  const record = Buffer.alloc(headerBytes + body.byteLength);
  record.writeUInt32BE(body.byteLength, 0);
  record.writeUIntBE(seq, 4, 6);
  record[10] = fd;
  record[11] = isLast ? 1 : 0;
  record.writeUInt32BE(offset, 12);
  record.set(body, headerBytes);
  return record;
}

/** @throws GODWIT_PROTOCOL */
export function decodeRecords(batch: Uint8Array): OutputRecord[] {
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  const records: OutputRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + headerBytes + (bytes.length - at >= headerBytes ? bytes.readUInt32BE(at) : bytes.length);
    const fd = bytes[at + 10];
    if (end > bytes.length || (fd !== 0 && fd !== 1 && fd !== 2))
      throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read output of a process: it is malformed');
    const body = bytes.subarray(at + headerBytes, end);
    records.push({
      seq: bytes.readUIntBE(at + 4, 6),
      fd,
      isLast: bytes[at + 11] === 1,
      offset: bytes.readUInt32BE(at + 12),
      body,
    });
    at = end;
  }
  return records;
}

export class OutputOrder {
  #seq: number;
  #offset = 0;
  #earlyBytes = 0;
  readonly #early = new Map<string, OutputRecord>();

  /** `firstSeq`: the number of the first chunk that is to be delivered; those before it are known. */
  constructor(
    private readonly deliver: (record: OutputRecord) => void,
    firstSeq = 1,
  ) {
    this.#seq = firstSeq;
  }

  /** False: this batch must be sent again later, there is no room for what came early. @throws GODWIT_PROTOCOL */
  accept(batch: Uint8Array): boolean {
    let isTaken = true;
    for (const record of decodeRecords(batch)) {
      if (record.seq < this.#seq || (record.seq === this.#seq && record.offset < this.#offset)) continue;
      if (record.seq === this.#seq && record.offset === this.#offset) this.#advance(record);
      else isTaken = this.#keep(record) && isTaken;
    }
    return isTaken;
  }

  #advance(first: OutputRecord): void {
    let record: OutputRecord | undefined = first;
    while (record) {
      this.deliver(record);
      if (record.isLast) {
        this.#seq++;
        this.#offset = 0;
      } else this.#offset += record.body.byteLength;
      const key: string = `${this.#seq}/${this.#offset}`;
      record = this.#early.get(key);
      this.#early.delete(key);
      if (record) this.#earlyBytes -= record.body.byteLength;
    }
  }

  #keep(record: OutputRecord): boolean {
    const key = `${record.seq}/${record.offset}`;
    if (this.#early.has(key)) return true;
    if (this.#earlyBytes + record.body.byteLength > nodeLimits.outputEarlyBytes) return false;
    this.#earlyBytes += record.body.byteLength;
    this.#early.set(key, { ...record, body: Buffer.from(record.body) });
    return true;
  }
}

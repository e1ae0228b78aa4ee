/** The reader's side of a process's output: order and exactly-once, whatever the senders do. */

import { describe, expect, it } from 'vitest';
import { nodeLimits } from '../../src/node/limits.js';
import { encodeRecord, OutputOrder, type OutputRecord } from '../../src/node/output-order.js';

const piece = (seq: number, offset: number, text: string, isLast = true, fd: 0 | 1 | 2 = 1): OutputRecord => {
  return { seq, fd, offset, isLast, body: Buffer.from(text) };
};
const batch = (...records: OutputRecord[]) => Buffer.concat(records.map(encodeRecord));

function reader() {
  const seen: string[] = [];
  return { seen, order: new OutputOrder(({ fd, body }) => seen.push(`${fd}:${Buffer.from(body)}`)) };
}

describe('OutputOrder', () => {
  it('delivers in order and once what two nodes send out of order and twice', () => {
    const { seen, order } = reader();
    const records = [
      piece(1, 0, 'a'),
      piece(2, 0, 'bb', false),
      piece(2, 2, 'cc'),
      piece(3, 0, 'd', true, 2),
      piece(4, 0, '{}', true, 0),
    ];
    expect(order.accept(batch(records[4]!, records[2]!))).toBe(true);
    expect(order.accept(batch(records[3]!, records[0]!))).toBe(true);
    expect(seen).toEqual(['1:a']);
    expect(order.accept(batch(records[0]!, records[1]!, records[2]!))).toBe(true);
    expect(order.accept(batch(...records))).toBe(true);
    expect(seen).toEqual(['1:a', '1:bb', '1:cc', '2:d', '0:{}']);
  });

  it('does not take what came early beyond its room, and takes it when it is sent again', () => {
    const { seen, order } = reader();
    const large = piece(2, 0, 'x'.repeat(nodeLimits.outputEarlyBytes + 1));
    expect(order.accept(batch(large))).toBe(false);
    expect(order.accept(batch(piece(1, 0, 'a')))).toBe(true);
    expect(order.accept(batch(large))).toBe(true);
    expect(seen.length).toBe(2);
  });

  it('refuses a batch that is cut', () => {
    const whole = batch(piece(1, 0, 'abc'));
    for (let length = 1; length < whole.length; length++)
      expect(() => reader().order.accept(whole.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'GODWIT_PROTOCOL' }),
      );
  });
});

/** The two halves of a flow against a plain model: whatever is sent, acknowledged, rewound and repeated, the bytes come out once and in order. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { newReceiveHalf, repeatedBytes, takeEndMarker } from '../../src/flow/receive.js';
import {
  acknowledge,
  endAcknowledged,
  heldBytes,
  newSendHalf,
  pushBytes,
  pushEnd,
  rewindTo,
  takeBytes,
  takeEnd,
} from '../../src/flow/send.js';

const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), length: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ kind: fc.constant('send' as const), most: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ kind: fc.constant('ack' as const), credit: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ kind: fc.constant('rewind' as const), credit: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ kind: fc.constant('lose' as const), most: fc.integer({ min: 1, max: 100 }) }),
);

test('any mix of sends, losses, acknowledgements and rewinds delivers the bytes once and in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const send = newSendHalf(256);
      const receive = newReceiveHalf(256);
      const given: number[] = [];
      const got: number[] = [];
      let broken = false; // after a loss nothing fits until the next rewind, as on a link that is gone
      const deliver = (seq: number, bytes: Uint8Array): void => {
        if (broken) return;
        const repeated = repeatedBytes(receive, seq, bytes.length);
        expect(repeated).toBeGreaterThanOrEqual(0);
        got.push(...bytes.subarray(repeated));
        receive.next += bytes.length - repeated;
      };
      for (const one of steps) {
        if (one.kind === 'push') {
          const bytes = Uint8Array.from({ length: one.length }, (_, index) => (given.length + index) & 255);
          given.push(...bytes);
          pushBytes(send, bytes);
        } else if (one.kind === 'send' || one.kind === 'lose') {
          const seq = send.sent;
          const bytes = takeBytes(send, one.most);
          if (bytes !== null && one.kind === 'send') deliver(seq, bytes);
          if (bytes !== null && one.kind === 'lose') broken = true;
        } else if (one.kind === 'ack') {
          expect(acknowledge(send, receive.next)).toBeGreaterThanOrEqual(0);
          send.limit = Math.max(send.limit, receive.next + one.credit);
        } else {
          expect(rewindTo(send, receive.next, receive.next + one.credit)).toBeGreaterThanOrEqual(0);
          broken = false;
        }
        expect(heldBytes(send)).toBe(send.next - send.base);
      }
      pushEnd(send, '');
      rewindTo(send, receive.next, Number.MAX_SAFE_INTEGER);
      broken = false;
      for (let seq = send.sent, bytes = takeBytes(send, 1000); bytes !== null; seq = send.sent, bytes = takeBytes(send, 1000))
        deliver(seq, bytes);
      expect(takeEnd(send)).toBe(true);
      expect(takeEndMarker(receive, send.next, '')).toBe('taken');
      expect(takeEndMarker(receive, send.next, '')).toBe('repeated');
      acknowledge(send, receive.next);
      expect(endAcknowledged(send)).toBe(true);
      expect(got).toEqual(given);
    }),
    { numRuns: 300 },
  );
});

test('nothing is sent beyond the credit, and the end marker needs none', () => {
  const half = newSendHalf(10);
  pushBytes(half, new Uint8Array(10));
  pushEnd(half, '');
  expect(takeBytes(half, 100)?.length).toBe(10);
  expect(takeEnd(half)).toBe(true);
  expect(takeEnd(half)).toBe(false);
  const closed = newSendHalf(0);
  pushBytes(closed, new Uint8Array(1));
  expect(takeBytes(closed, 100)).toBeNull();
});

test('an acknowledgement of bytes that were never sent is refused', () => {
  const half = newSendHalf(10);
  pushBytes(half, new Uint8Array(20));
  takeBytes(half, 5);
  expect(acknowledge(half, 6)).toBe(-1);
  expect(acknowledge(half, Number.NaN)).toBe(-1);
  expect(acknowledge(half, 5)).toBe(5);
  expect(rewindTo(half, 4, 100)).toBe(-1); // less than was acknowledged: those bytes are gone
  expect(rewindTo(half, 21, 100)).toBe(-1);
});

test('a gap is told from a repetition', () => {
  const half = newReceiveHalf(100, 10);
  expect(repeatedBytes(half, 10, 5)).toBe(0);
  expect(repeatedBytes(half, 8, 5)).toBe(2);
  expect(repeatedBytes(half, 0, 5)).toBe(5);
  expect(repeatedBytes(half, 11, 5)).toBe(-1);
  takeEndMarker(half, 10, '');
  expect(repeatedBytes(half, 5, 5)).toBe(5);
  expect(repeatedBytes(half, 10, 1)).toBe(-1); // bytes behind the end
});

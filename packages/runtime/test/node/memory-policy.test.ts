/** When guests are asked for their memory, and who must go. */

import { describe, expect, it } from 'vitest';
import { nodeLimits } from '../../src/node/limits.js';
import { isDue, largest, leftBytes } from '../../src/node/memory-policy.js';

const mebibyte = 2 ** 20;
const use = (heapMb: number, externalMb: number) => ({ heapBytes: heapMb * mebibyte, externalBytes: externalMb * mebibyte });

describe('leftBytes()', () => {
  it('counts heap and buffers against a limit that was asked for, the heap alone against the default', () => {
    expect(leftBytes(use(40, 30), 64, 1000 * mebibyte)).toBe(-6 * mebibyte);
    expect(leftBytes(use(40, 3000), undefined, 1000 * mebibyte)).toBe(960 * mebibyte);
  });
});

describe('isDue()', () => {
  it('asks a guest that was never asked, and then only after growth of a part of what it had left', () => {
    expect(isDue(undefined, 0)).toBe(true);
    const look = { residentBytes: 100 * mebibyte, leftBytes: 400 * mebibyte };
    expect(isDue(look, 199 * mebibyte)).toBe(false);
    expect(isDue(look, 200 * mebibyte)).toBe(true);
  });

  it('does not ask more often than each smallest step, however little is left', () => {
    const look = { residentBytes: 0, leftBytes: 0 };
    expect(isDue(look, nodeLimits.memoryStepBytes - 1)).toBe(false);
    expect(isDue(look, nodeLimits.memoryStepBytes)).toBe(true);
  });
});

describe('largest()', () => {
  it('names the guest that holds most, or none when even that would not make room', () => {
    const small = use(10, 10);
    expect(largest(new Map([[130, small]]))).toBeUndefined();
    expect(largest(new Map([[130, small], [131, use(10, 900)], [132, use(500, 0)]]))).toBe(131); // biome-ignore format: one line
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterLimits } from '../../src/limits.js';
import { firstGuestPid, homeOf, isSystemPid, type SystemRole, systemPid } from '../../src/process/pid.js';

const place = fc
  .integer({ min: 1, max: clusterLimits.maxStride })
  .chain((stride) => fc.record({ stride: fc.constant(stride), home: fc.nat(stride - 1) }));
const roles: SystemRole[] = ['daemon', 'scheduler', 'gateway'];

describe('PIDs', () => {
  it('begin above the system PIDs at the first that names its mother', () => {
    fc.assert(
      fc.property(place, ({ home, stride }) => {
        const first = firstGuestPid(home, stride);
        expect(homeOf(first, stride)).toBe(home);
        expect(first).toBeGreaterThan(100);
        expect(first - stride).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('of system processes name their node, are all different, and all fit in a cluster of the default stride', () => {
    const stride = clusterLimits.defaultStride;
    const all = Array.from({ length: stride }, (_, home) => roles.map((role) => systemPid(role, home, stride))).flat();
    expect(new Set(all).size).toBe(3 * stride);
    expect(all.every((pid) => pid !== undefined && isSystemPid(pid))).toBe(true);
    fc.assert(
      fc.property(place, fc.constantFrom(...roles), ({ home, stride: any }, role) => {
        const pid = systemPid(role, home, any);
        if (pid !== undefined) expect([homeOf(pid, any), isSystemPid(pid)]).toEqual([home, true]);
      }),
    );
  });
});

/**
 * Which guest of a pool gets the next connection: the one with the least (flows + 1) x (1 + load) / weight; equals take turns.
 * Guests that are served now come before guests that are on the move, whose connections would have to wait.
 *
 *   weight 2, 3 flows, idle      (3+1) x 1.0 / 2 = 2.0
 *   weight 1, 1 flow, load 0.5   (1+1) x 1.5 / 1 = 3.0   → the first one
 */

import type { GuestEntry, PoolMember, PortEntry } from './model.js';

/** Null when the pool is empty. */
export function chooseMember(port: PortEntry, guests: ReadonlyMap<number, GuestEntry>): PoolMember | null {
  let best: PoolMember | null = null;
  let bestCost: readonly number[] = [];
  for (const member of port.members) {
    const guest = guests.get(member.pid);
    if (guest === undefined) continue;
    const cost = [guest.presence === 'here' ? 0 : 1, ((member.flows + 1) * (1 + guest.load)) / member.weight, member.turn];
    if (best === null || isLess(cost, bestCost)) {
      best = member;
      bestCost = cost;
    }
  }
  return best;
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  for (let index = 0; index < left.length; index += 1) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * The listening ports of the flow table: who may join a pool, what is bound when, and what happens when the last one goes.
 * Port 0 is bound first and entered under the number it got. A request is answered once: LISTENED or REFUSED; ports that a
 * claim brings along (request 0) are answered only when they are lost.
 */

import type { ErrorCode } from '@godwit/checkpoint/base';
import type { GuestEntry, PoolMember, PortEntry, TableCommand, TableEvent, TableState } from './model.js';
import { forgetIfEmpty, holderOf } from './transitions.js';

type Of<T extends TableEvent['type']> = Extract<TableEvent, { type: T }>;

export function listen(state: TableState, event: Of<'listen'>, out: TableCommand[]): void {
  const guest = holderOf(state, event, true);
  const { node, pid, epoch, request, port, pool, weight } = event;
  if (guest === null) {
    refuse(out, event, 'GODWIT_FENCED', `Cannot listen on port ${port} for PID ${pid}: epoch ${epoch} is over`);
    return;
  }
  if (port === 0) {
    if (state.ports.size >= state.maxPorts)
      refuse(out, event, 'GODWIT_TOO_MANY_PORTS', `Cannot listen: ${state.maxPorts} ports are open`);
    else out.push({ type: 'bind', request, port, pool, weight, node, pid, epoch });
    forgetIfEmpty(state, guest);
    return;
  }
  const entry = state.ports.get(port);
  if (entry === undefined) {
    if (state.ports.size >= state.maxPorts) {
      refuse(out, event, 'GODWIT_TOO_MANY_PORTS', `Cannot listen: ${state.maxPorts} ports are open`);
      forgetIfEmpty(state, guest);
      return;
    }
    state.ports.set(port, { port, pool, bound: false, members: [newMember(event, request)] });
    guest.ports.add(port);
    out.push({ type: 'bind', request, port, pool, weight, node, pid, epoch });
    return;
  }
  if (pool === '' || entry.pool !== pool || entry.members.some((one) => one.pid === pid)) {
    refuse(out, event, 'GODWIT_PORT_IN_USE', `Cannot listen on port ${port} for PID ${pid}: it is in use${poolHint(entry)}`);
    forgetIfEmpty(state, guest);
    return;
  }
  entry.members.push(newMember(event, entry.bound ? null : request));
  guest.ports.add(port);
  if (entry.bound && request !== 0) out.push({ type: 'listened', node, request, port });
}

function poolHint(entry: PortEntry): string {
  return entry.pool === '' ? '' : ` by pool "${entry.pool}"`;
}

function newMember(event: Of<'listen' | 'bound'>, request: number | null): PoolMember {
  return { pid: event.pid, weight: event.weight, flows: 0, turn: 0, request };
}

function refuse(out: TableCommand[], event: Of<'listen' | 'bound'>, code: ErrorCode, message: string): void {
  const { node, pid, port, request } = event;
  if (request === 0) out.push({ type: 'port-lost', node, pid, port, code, message });
  else out.push({ type: 'refuse', about: 'listen', node, request, code, message });
}

/** The port is open. Everyone who waited for it hears so; if all of them have gone meanwhile it is closed again. */
export function bound(state: TableState, event: Of<'bound'>, out: TableCommand[]): void {
  if (event.wanted === 0) {
    const guest = holderOf(state, event, true);
    if (guest === null || state.ports.has(event.port)) {
      out.push({ type: 'unbind', port: event.port });
      refuse(out, event, 'GODWIT_FENCED', `Cannot listen for PID ${event.pid}: epoch ${event.epoch} is over`);
      return;
    }
    state.ports.set(event.port, { port: event.port, pool: event.pool, bound: false, members: [newMember(event, event.request)] });
    guest.ports.add(event.port);
  }
  const entry = state.ports.get(event.port);
  if (entry === undefined) {
    out.push({ type: 'unbind', port: event.port });
    return;
  }
  entry.bound = true;
  for (const member of entry.members) {
    const guest = state.guests.get(member.pid);
    if (guest !== undefined && member.request !== null && member.request !== 0) {
      out.push({ type: 'listened', node: guest.node, request: member.request, port: event.port });
    }
    member.request = null;
  }
}

export function bindFailed(state: TableState, event: Of<'bind-failed'>, out: TableCommand[]): void {
  const { port, code, message } = event;
  const entry = state.ports.get(port);
  if (entry === undefined) {
    if (event.request !== 0)
      out.push({ type: 'refuse', about: 'listen', node: event.node, request: event.request, code, message });
    return;
  }
  state.ports.delete(port);
  for (const member of entry.members) {
    const guest = state.guests.get(member.pid);
    if (guest === undefined) continue;
    if (member.request !== null && member.request !== 0)
      out.push({ type: 'refuse', about: 'listen', node: guest.node, request: member.request, code, message });
    else out.push({ type: 'port-lost', node: guest.node, pid: guest.pid, port, code, message });
    guest.ports.delete(port);
    forgetIfEmpty(state, guest);
  }
}

export function unlisten(state: TableState, event: Of<'unlisten'>, out: TableCommand[]): void {
  const guest = holderOf(state, event, false);
  if (guest === null) return;
  dropPort(state, guest, event.port, out);
  forgetIfEmpty(state, guest);
}

/** Takes the guest out of the port's pool; the last one closes it (also while it is still being bound: `bound` sees to that). */
export function dropPort(state: TableState, guest: GuestEntry, port: number, out: TableCommand[]): void {
  if (!guest.ports.delete(port)) return;
  const entry = state.ports.get(port);
  if (entry === undefined) return;
  const index = entry.members.findIndex((one) => one.pid === guest.pid);
  if (index >= 0) entry.members.splice(index, 1);
  if (entry.members.length > 0) return;
  state.ports.delete(port);
  if (entry.bound) out.push({ type: 'unbind', port });
}

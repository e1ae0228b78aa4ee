/**
 * The flow table's transitions: (state, event) → commands. Deterministic, no I/O, no clock.
 * The state is owned by the table and updated in place (tens of thousands of flows are not copied per connection); callers
 * treat the value they passed in as gone.
 * Kept true: only the holder of a guest's newest epoch changes anything about it; a flow has one guest and a guest one node;
 * what a guest did not take with it is either announced to its new node or reset, never forgotten.
 */

import { assert, unreachable } from '@godwit/checkpoint/base';
import type { FlowId } from '../flow/state.js';
import { chooseMember } from './balance.js';
import type { FlowEntry, GuestEntry, Speaker, TableCommand, TableEvent, TableState } from './model.js';
import { bindFailed, bound, dropPort, listen, unlisten } from './ports.js';

type Of<T extends TableEvent['type']> = Extract<TableEvent, { type: T }>;

/** Applies one event. */
export function step(state: TableState, event: TableEvent): { state: TableState; commands: TableCommand[] } {
  const commands: TableCommand[] = [];
  apply(state, event, commands);
  return { state, commands };
}

function apply(state: TableState, event: TableEvent, out: TableCommand[]): void {
  switch (event.type) {
    case 'listen':
      listen(state, event, out);
      return;
    case 'unlisten':
      unlisten(state, event, out);
      return;
    case 'bound':
      bound(state, event, out);
      return;
    case 'bind-failed':
      bindFailed(state, event, out);
      return;
    case 'accepted':
      accepted(state, event, out);
      return;
    case 'dial':
      dial(state, event, out);
      return;
    case 'connected':
      connected(state, event);
      return;
    case 'closed':
      closed(state, event.flow);
      return;
    case 'hold':
    case 'release':
      hold(state, event, out);
      return;
    case 'hold-expired':
      holdExpired(state, event, out);
      return;
    case 'claim':
      claim(state, event, out);
      return;
    case 'leave':
      leave(state, event, out);
      return;
    case 'load':
      load(state, event);
      return;
    case 'node-lost':
      nodeLost(state, event.node, out);
      return;
    default:
      unreachable(event, 'table event');
      return;
  }
}

/** The guest if the speaker holds it (it is entered if it is new); null if a newer epoch or another node has it. */
export function holderOf(state: TableState, speaker: Speaker, enter: boolean): GuestEntry | null {
  const { pid, epoch, node } = speaker;
  const known = state.guests.get(pid);
  if (known !== undefined) return known.epoch === epoch && known.node === node ? known : null;
  const guest: GuestEntry = { pid, epoch, node, presence: 'here', holdTicket: 0, load: 0, flows: new Set(), ports: new Set() };
  if (enter) state.guests.set(pid, guest);
  return guest;
}

/** Forgets a guest that has nothing here. Its fence goes with it: there is nothing left that a stale node could touch. */
export function forgetIfEmpty(state: TableState, guest: GuestEntry): void {
  if (guest.flows.size === 0 && guest.ports.size === 0 && guest.presence === 'here') state.guests.delete(guest.pid);
}

function accepted(state: TableState, event: Of<'accepted'>, out: TableCommand[]): void {
  const port = state.ports.get(event.port);
  const member = port === undefined ? null : chooseMember(port, state.guests);
  const guest = member === null ? undefined : state.guests.get(member.pid);
  if (member === null || guest === undefined || state.flows.size >= state.maxFlows) {
    out.push({ type: 'reject-peer' });
    return;
  }
  member.flows += 1;
  member.turn = state.nextTurn++;
  const { peer, local } = event;
  const flow: FlowEntry = { id: state.nextFlow++, pid: guest.pid, listenerPort: event.port, peer, local, tuple: null };
  enterFlow(state, guest, flow);
  flow.tuple = tupleOf(local, peer);
  state.tuples.set(flow.tuple, flow.id);
  out.push({ type: 'admit', flow: flow.id });
  if (guest.presence === 'here') out.push({ type: 'announce', flow: flow.id, node: guest.node });
}

function enterFlow(state: TableState, guest: GuestEntry, flow: FlowEntry): void {
  state.flows.set(flow.id, flow);
  guest.flows.add(flow.id);
}

/** Key of a connection by its two ends. */
export function tupleOf(local: { address: string; port: number }, peer: { address: string; port: number }): string {
  return `${local.address}|${local.port}|${peer.address}|${peer.port}`;
}

/** A dial may be asked for again by a guest's next node: the same flow, so nothing happens twice. */
function dial(state: TableState, event: Of<'dial'>, out: TableCommand[]): void {
  const guest = holderOf(state, event, true);
  if (guest === null) {
    fence(state, event, out);
    return;
  }
  if (state.flows.has(event.flow)) return;
  if (state.flows.size >= state.maxFlows) {
    const message = `Cannot open a connection: ${state.maxFlows} are open`;
    out.push({ type: 'refuse', about: 'dial', node: event.node, request: event.flow, code: 'GODWIT_TOO_MANY_FLOWS', message });
    return;
  }
  enterFlow(state, guest, { id: event.flow, pid: event.pid, listenerPort: null, peer: null, local: null, tuple: null });
  out.push({ type: 'dial', flow: event.flow, node: event.node });
}

function connected(state: TableState, event: Of<'connected'>): void {
  const flow = state.flows.get(event.flow);
  if (flow === undefined) return;
  flow.tuple = tupleOf(event.local, event.peer);
  state.flows.set(flow.id, { ...flow, peer: event.peer, local: event.local });
  state.tuples.set(flow.tuple, flow.id);
}

function closed(state: TableState, id: FlowId): void {
  const flow = state.flows.get(id);
  if (flow === undefined) return;
  state.flows.delete(id);
  if (flow.tuple !== null && state.tuples.get(flow.tuple) === id) state.tuples.delete(flow.tuple);
  const guest = state.guests.get(flow.pid);
  guest?.flows.delete(id);
  if (flow.listenerPort !== null) {
    const member = state.ports.get(flow.listenerPort)?.members.find((one) => one.pid === flow.pid);
    if (member !== undefined && member.flows > 0) member.flows -= 1;
  }
  if (guest !== undefined) forgetIfEmpty(state, guest);
}

function fence(state: TableState, event: Speaker, out: TableCommand[]): void {
  const { node, pid, epoch } = event;
  out.push({ type: 'fence', node, pid, epoch, known: state.guests.get(pid)?.epoch ?? 0 });
}

function hold(state: TableState, event: Of<'hold' | 'release'>, out: TableCommand[]): void {
  const guest = state.guests.get(event.pid);
  if (guest === undefined || holderOf(state, event, false) === null) return; // already claimed elsewhere: all is well
  guest.presence = event.type === 'hold' ? 'held' : 'adrift';
  guest.holdTicket = state.nextHoldTicket++;
  out.push({ type: 'hold-flows', pid: guest.pid, ticket: guest.holdTicket });
}

function holdExpired(state: TableState, event: Of<'hold-expired'>, out: TableCommand[]): void {
  const guest = state.guests.get(event.pid);
  if (guest === undefined || guest.presence === 'here' || guest.holdTicket !== event.ticket) return;
  removeGuest(state, guest, out);
}

/** All flows are reset, all ports given back. */
function removeGuest(state: TableState, guest: GuestEntry, out: TableCommand[]): void {
  guest.presence = 'here'; // so that it is forgotten when the last flow is closed
  for (const port of guest.ports) dropPort(state, guest, port, out);
  for (const id of [...guest.flows]) {
    out.push({ type: 'reset-flow', flow: id });
    closed(state, id);
  }
  forgetIfEmpty(state, guest);
}

/** A node has the guest now (or took it back): everything of the guest points there from here on. */
function claim(state: TableState, event: Of<'claim'>, out: TableCommand[]): void {
  const { node, pid, epoch } = event;
  const known = state.guests.get(pid);
  if (known !== undefined && (epoch < known.epoch || (epoch === known.epoch && node !== known.node))) {
    fence(state, event, out);
    return;
  }
  const guest = known ?? holderOf(state, event, true);
  assert(guest !== null, 'a claim that is not fenced has a guest');
  guest.node = node;
  guest.epoch = epoch;
  guest.presence = 'here';
  const listed = new Set(event.flows);
  const present = event.flows.filter((id) => guest.flows.has(id));
  const lost = event.flows.filter((id) => !guest.flows.has(id));
  out.push({ type: 'claimed', node, pid, flows: present, lost });
  // A flow the guest does not list was never announced to it in time: its former node ignored that, being frozen.
  for (const id of guest.flows) if (!listed.has(id)) out.push({ type: 'announce', flow: id, node });
  const wanted = new Set(event.ports.map((one) => one.port));
  for (const port of [...guest.ports]) if (!wanted.has(port)) dropPort(state, guest, port, out);
  for (const port of event.ports)
    if (!guest.ports.has(port.port)) listen(state, { type: 'listen', request: 0, ...port, node, pid, epoch }, out);
  forgetIfEmpty(state, guest);
}

/** The guest ended: it listens no more. Its flows are closed one by one by its node, so that what it wrote still arrives. */
function leave(state: TableState, event: Of<'leave'>, out: TableCommand[]): void {
  const guest = state.guests.get(event.pid);
  if (guest === undefined || holderOf(state, event, false) === null) return;
  for (const port of [...guest.ports]) dropPort(state, guest, port, out);
  forgetIfEmpty(state, guest);
}

function load(state: TableState, event: Of<'load'>): void {
  const guest = holderOf(state, event, false);
  if (guest !== null) guest.load = event.load;
}

/** A guest that was frozen there may be at its next node already, whose claim is on its way: left to the hold timer. The rest is gone. */
function nodeLost(state: TableState, node: string, out: TableCommand[]): void {
  for (const guest of [...state.guests.values()]) {
    if (guest.node === node && guest.presence === 'here') removeGuest(state, guest, out);
  }
}

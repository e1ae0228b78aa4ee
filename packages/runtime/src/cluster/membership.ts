/**
 * Who is in the cluster, as a pure machine: (state, event) → { state, commands }. One per node.
 *
 *   unknown ──heard──→ alive ──silent──→ suspect ──silent──→ revoking ──lease gone──→ lost
 *                        ↑────heard────────┘                    │ lease was renewed meanwhile → alive
 *                        └── said goodbye and lease gone → left ←┘
 *
 * Keeps true: a node is reported lost only when its lease is gone from the key-value store, so that all nodes agree and
 * the lost node, if it was merely frozen, finds out at its next renewal and must stop (command `fence`). A node that has
 * not been able to renew for a while is told so (report `isolated`): others may declare it lost any moment.
 * Not here: clocks, the bus, and what is done about a loss (process/locations.ts).
 */

import { clusterLimits } from '../limits.js';

/** A node's life: ids are used again, incarnations never. */
export interface NodeRef {
  readonly id: number;
  readonly incarnation: string;
}

/** What a node says of itself to all others: its name, the address of its links. Opaque to membership. */
export type NodeInfo = Readonly<Record<string, unknown>>;

export interface Member extends NodeRef {
  readonly info: NodeInfo;
  readonly state: 'alive' | 'suspect' | 'revoking';
  readonly leaving: boolean;
  readonly heardAtMs: number;
  /** Of its lease, as last seen; 0 before it was seen. */
  readonly leaseRevision: number;
}

export interface MembershipState {
  readonly self: NodeRef;
  readonly phase: 'in' | 'left' | 'fenced';
  readonly members: ReadonlyMap<number, Member>;
  readonly announcedAtMs: number;
  /** When the last renewal that succeeded was sent. */
  readonly renewedAtMs: number;
  readonly renewing: boolean;
  readonly isolated: boolean;
}

export type MembershipEvent =
  | { type: 'tick'; nowMs: number }
  | { type: 'heard'; nowMs: number; node: NodeRef; info: NodeInfo; leaving: boolean; leaseRevision?: number }
  /** The key of a node's lease is gone: it left, or somebody revoked it. */
  | { type: 'leaseGone'; nowMs: number; id: number }
  | { type: 'renewed'; sentAtMs: number }
  /** `taken`: the lease is gone or another's. Otherwise the bus could not be asked. */
  | { type: 'renewFailed'; taken: boolean }
  /** `alive`: it renewed its lease meanwhile. `unknown`: the bus could not be asked. */
  | { type: 'revokeEnded'; nowMs: number; node: NodeRef; outcome: 'gone' | 'alive' | 'unknown' }
  | { type: 'leave' };

export type MembershipCommand =
  | { type: 'announce' }
  | { type: 'renew' }
  | { type: 'revoke'; node: NodeRef; leaseRevision: number }
  | { type: 'release' }
  | { type: 'report'; change: MembershipChange }
  /** This node was declared lost: end all guests, touch nothing shared, stop. */
  | { type: 'fence'; reason: string };

export type MembershipChange =
  | { kind: 'joined' | 'suspect' | 'alive' | 'lost' | 'left'; node: NodeRef; info: NodeInfo }
  | { kind: 'isolated' | 'reconnected' };

export interface MembershipStep {
  readonly state: MembershipState;
  readonly commands: MembershipCommand[];
}

/** The state of a node that just got its lease. It is a member like the others, but judged by its lease only. */
export function initialMembership(self: NodeRef, nowMs: number): MembershipState {
  const never = Number.NEGATIVE_INFINITY;
  return { self, phase: 'in', members: new Map(), announcedAtMs: never, renewedAtMs: nowMs, renewing: false, isolated: false };
}

/** The machine. Events after leaving or fencing change nothing. */
export function membershipStep(state: MembershipState, event: MembershipEvent): MembershipStep {
  if (state.phase !== 'in') return { state, commands: [] };
  switch (event.type) {
    case 'tick':
      return onTick(state, event.nowMs);
    case 'heard':
      return onHeard(state, event);
    case 'leaseGone':
      return onLeaseGone(state, event.id);
    case 'renewed':
      return onRenewed(state, event.sentAtMs);
    case 'renewFailed':
      return event.taken ? fenced(state) : { state: { ...state, renewing: false }, commands: [] };
    case 'revokeEnded':
      return onRevokeEnded(state, event);
    case 'leave':
      return { state: { ...state, phase: 'left' }, commands: [{ type: 'release' }] };
  }
}

function onTick(state: MembershipState, nowMs: number): MembershipStep {
  const commands: MembershipCommand[] = [];
  let { announcedAtMs, renewing, isolated } = state;
  if (!isolated && nowMs - state.renewedAtMs >= clusterLimits.isolatedAfterMs) {
    isolated = true;
    commands.push({ type: 'report', change: { kind: 'isolated' } });
  }
  if (nowMs - announcedAtMs >= clusterLimits.announceIntervalMs) {
    announcedAtMs = nowMs;
    commands.push({ type: 'announce' });
    if (!renewing) commands.push({ type: 'renew' });
    renewing = true;
  }
  const members = new Map(state.members);
  // Who heard nobody, having been frozen or cut off, cannot tell whose silence it was: it judges nobody until its own lease is renewed.
  if (!isolated) for (const member of state.members.values()) members.set(member.id, aged(member, nowMs, commands));
  return { state: { ...state, members, announcedAtMs, renewing, isolated }, commands };
}

function aged(member: Member, nowMs: number, commands: MembershipCommand[]): Member {
  const silentMs = nowMs - member.heardAtMs;
  if (member.state === 'alive' && silentMs >= clusterLimits.suspectAfterMs) {
    commands.push(report('suspect', member));
    return aged({ ...member, state: 'suspect' }, nowMs, commands);
  }
  if (member.state === 'suspect' && silentMs >= clusterLimits.revokeAfterMs) {
    const { id, incarnation, leaseRevision } = member;
    commands.push({ type: 'revoke', node: { id, incarnation }, leaseRevision });
    return { ...member, state: 'revoking' };
  }
  return member;
}

function onHeard(state: MembershipState, event: Extract<MembershipEvent, { type: 'heard' }>): MembershipStep {
  const { node, info, leaving, nowMs } = event;
  if (node.id === state.self.id) return heardOwnId(state, event);
  const known = state.members.get(node.id);
  const commands: MembershipCommand[] = [];
  const sameLife = known?.incarnation === node.incarnation;
  // A publication of a dead incarnation may come late; only the lease, which has one holder at a time, makes a member.
  if (!sameLife && event.leaseRevision === undefined) return { state, commands };
  if (known && !sameLife) commands.push(report(known.leaving ? 'left' : 'lost', known));
  if (!sameLife) commands.push({ type: 'report', change: { kind: 'joined', node, info } });
  else if (known.state === 'suspect') commands.push(report('alive', known));
  const leaseRevision = Math.max(event.leaseRevision ?? 0, sameLife ? known.leaseRevision : 0);
  const member: Member = {
    ...node,
    info,
    // While its lease is being revoked only the outcome of that decides.
    state: sameLife && known.state === 'revoking' ? 'revoking' : 'alive',
    leaving: leaving || (sameLife && known.leaving),
    heardAtMs: nowMs,
    leaseRevision,
  };
  return { state: withMember(state, member), commands };
}

/** A lease under this node's id with another's incarnation: this node was taken for lost. */
function heardOwnId(state: MembershipState, event: Extract<MembershipEvent, { type: 'heard' }>): MembershipStep {
  const taken = event.leaseRevision !== undefined && event.node.incarnation !== state.self.incarnation;
  return taken ? fenced(state) : { state, commands: [] };
}

function onLeaseGone(state: MembershipState, id: number): MembershipStep {
  if (id === state.self.id) return fenced(state);
  const member = state.members.get(id);
  return member ? ended(state, member) : { state, commands: [] };
}

/** Who was isolated gives everybody their time again. */
function onRenewed(state: MembershipState, sentAtMs: number): MembershipStep {
  const renewed = { ...state, renewing: false, renewedAtMs: Math.max(state.renewedAtMs, sentAtMs) };
  if (!state.isolated) return { state: renewed, commands: [] };
  const members = new Map<number, Member>();
  for (const member of state.members.values())
    members.set(member.id, { ...member, heardAtMs: Math.max(member.heardAtMs, sentAtMs) });
  return { state: { ...renewed, members, isolated: false }, commands: [{ type: 'report', change: { kind: 'reconnected' } }] };
}

function onRevokeEnded(state: MembershipState, event: Extract<MembershipEvent, { type: 'revokeEnded' }>): MembershipStep {
  const member = state.members.get(event.node.id);
  if (!member || member.incarnation !== event.node.incarnation || member.state !== 'revoking') return { state, commands: [] };
  if (event.outcome === 'gone') return ended(state, member);
  if (event.outcome === 'unknown') return { state: withMember(state, { ...member, state: 'suspect' }), commands: [] };
  return { state: withMember(state, { ...member, state: 'alive', heardAtMs: event.nowMs }), commands: [report('alive', member)] };
}

function ended(state: MembershipState, member: Member): MembershipStep {
  const members = new Map(state.members);
  members.delete(member.id);
  return { state: { ...state, members }, commands: [report(member.leaving ? 'left' : 'lost', member)] };
}

function fenced(state: MembershipState): MembershipStep {
  return { state: { ...state, phase: 'fenced' }, commands: [{ type: 'fence', reason: 'the lease of this node was taken over' }] };
}

function report(kind: 'suspect' | 'alive' | 'lost' | 'left', { id, incarnation, info }: Member): MembershipCommand {
  return { type: 'report', change: { kind, node: { id, incarnation }, info } };
}

function withMember(state: MembershipState, member: Member): MembershipState {
  return { ...state, members: new Map(state.members).set(member.id, member) };
}

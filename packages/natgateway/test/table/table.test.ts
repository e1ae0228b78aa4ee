/** The flow table alone: who may change what, who gets a connection, and what becomes of what a guest leaves behind. */

import { expect, test } from 'vitest';
import { newTable, step, type TableCommand, type TableEvent, type TableState } from '../../src/index.js';

const local = { address: '127.0.0.1', port: 80, family: 'IPv4' as const };
const peerOf = (port: number) => ({ address: '10.0.0.1', port, family: 'IPv4' as const });
const on = (node: string, pid: number, epoch = 1) => ({ node, pid, epoch });

function feed(state: TableState, ...events: TableEvent[]): TableCommand[] {
  return events.flatMap((event) => step(state, event).commands);
}

/** A guest listening on port 80, answered and open. */
function listening(state: TableState, node: string, pid: number, pool = '', weight = 1): TableCommand[] {
  const request = pid;
  const commands = feed(state, { type: 'listen', request, port: 80, pool, weight, ...on(node, pid) });
  if (commands[0]?.type !== 'bind') return commands;
  return feed(state, { type: 'bound', request, wanted: 80, port: 80, pool, weight, ...on(node, pid) });
}

const accept = (state: TableState, port: number) => feed(state, { type: 'accepted', port: 80, peer: peerOf(port), local });
const typesOf = (commands: TableCommand[]) => commands.map((one) => one.type);

test('a second guest on a port is refused unless both name the same pool', () => {
  const state = newTable(10, 10);
  expect(listening(state, 'a', 101)).toMatchObject([{ type: 'listened', request: 101, port: 80 }]);
  expect(listening(state, 'a', 102)).toMatchObject([{ type: 'refuse', code: 'GODWIT_PORT_IN_USE' }]);
  const shared = newTable(10, 10);
  listening(shared, 'a', 101, 'web');
  expect(listening(shared, 'b', 102, 'web')).toMatchObject([{ type: 'listened', node: 'b' }]);
  expect(listening(shared, 'b', 103, 'other')).toMatchObject([{ type: 'refuse', code: 'GODWIT_PORT_IN_USE' }]);
});

test('connections to a pool follow weight, load and open flows, and equals take turns', () => {
  const state = newTable(100, 10);
  listening(state, 'a', 101, 'web', 2);
  listening(state, 'b', 102, 'web', 1);
  for (let port = 0; port < 9; port += 1) accept(state, port);
  expect([101, 102].map((pid) => state.guests.get(pid)?.flows.size)).toEqual([6, 3]);
  feed(state, { type: 'load', load: 9, ...on('a', 101) });
  for (let port = 9; port < 12; port += 1) accept(state, port);
  expect(state.guests.get(102)?.flows.size).toBe(6);
});

test('a claim re-points all flows at once, and the former holder is fenced from then on', () => {
  const state = newTable(10, 10);
  listening(state, 'a', 101);
  accept(state, 1);
  feed(state, { type: 'hold', ...on('a', 101) });
  const ports = [{ port: 80, pool: '', weight: 1 }];
  expect(feed(state, { type: 'claim', flows: [1], ports, ...on('b', 101, 2) })).toMatchObject([
    { type: 'claimed', node: 'b', flows: [1], lost: [] },
  ]);
  expect(state.guests.get(101)).toMatchObject({ node: 'b', epoch: 2, presence: 'here' });
  expect(feed(state, { type: 'unlisten', port: 80, ...on('a', 101) })).toEqual([]);
  expect(feed(state, { type: 'claim', flows: [1], ports, ...on('a', 101) })).toMatchObject([
    { type: 'fence', node: 'a', epoch: 1, known: 2 },
  ]);
  expect(feed(state, { type: 'claim', flows: [1], ports, ...on('a', 101, 2) })).toMatchObject([{ type: 'fence' }]); // same epoch, other node
  expect(feed(state, { type: 'listen', request: 7, port: 81, pool: '', weight: 1, ...on('a', 101) })).toMatchObject([
    { code: 'GODWIT_FENCED' },
  ]);
  expect(state.ports.has(80)).toBe(true);
});

test('a connection that comes while the guest moves is held and announced to its next node', () => {
  const state = newTable(10, 10);
  listening(state, 'a', 101);
  feed(state, { type: 'hold', ...on('a', 101) });
  expect(typesOf(accept(state, 1))).toEqual(['admit']);
  const claimed = feed(state, { type: 'claim', flows: [], ports: [{ port: 80, pool: '', weight: 1 }], ...on('b', 101, 2) });
  expect(claimed).toMatchObject([{ type: 'claimed' }, { type: 'announce', flow: 1, node: 'b' }]);
});

test('a port the guest had closed before it moved is not kept open by the move', () => {
  const state = newTable(10, 10);
  listening(state, 'a', 101);
  expect(typesOf(feed(state, { type: 'claim', flows: [], ports: [], ...on('b', 101, 2) }))).toEqual(['claimed', 'unbind']);
  expect(state.guests.size).toBe(0);
});

test('a lost node takes its guests with it, except those that were about to leave', () => {
  const state = newTable(10, 10);
  listening(state, 'a', 101);
  accept(state, 1);
  expect(typesOf(feed(state, { type: 'node-lost', node: 'b' }))).toEqual([]);
  expect(typesOf(feed(state, { type: 'node-lost', node: 'a' }))).toEqual(['unbind', 'reset-flow']);
  expect([state.flows.size, state.guests.size, state.ports.size, state.tuples.size]).toEqual([0, 0, 0, 0]);

  const leaving = newTable(10, 10);
  listening(leaving, 'a', 101);
  accept(leaving, 1);
  feed(leaving, { type: 'release', ...on('a', 101) });
  expect(feed(leaving, { type: 'node-lost', node: 'a' })).toEqual([]);
  expect(feed(leaving, { type: 'hold-expired', pid: 101, ticket: 999 })).toEqual([]); // the timer of another hold
  const ticket = leaving.guests.get(101)?.holdTicket ?? 0;
  expect(typesOf(feed(leaving, { type: 'hold-expired', pid: 101, ticket }))).toEqual(['unbind', 'reset-flow']);
});

test('a listener that is closed while its port is being opened leaves no port open', () => {
  const state = newTable(10, 10);
  feed(state, { type: 'listen', request: 5, port: 80, pool: '', weight: 1, ...on('a', 101) });
  feed(state, { type: 'unlisten', port: 80, ...on('a', 101) });
  expect(feed(state, { type: 'bound', request: 5, wanted: 80, port: 80, pool: '', weight: 1, ...on('a', 101) })).toEqual([
    { type: 'unbind', port: 80 },
  ]);
});

test('connections and ports over the bound are turned away', () => {
  const state = newTable(1, 1);
  listening(state, 'a', 101);
  accept(state, 1);
  expect(accept(state, 2)).toEqual([{ type: 'reject-peer' }]);
  expect(feed(state, { type: 'dial', flow: 2 ** 32, ...on('a', 101) })).toMatchObject([
    { type: 'refuse', code: 'GODWIT_TOO_MANY_FLOWS' },
  ]);
  const more = feed(state, { type: 'listen', request: 9, port: 81, pool: '', weight: 1, ...on('a', 101) });
  expect(more).toMatchObject([{ type: 'refuse', code: 'GODWIT_TOO_MANY_PORTS' }]);
});

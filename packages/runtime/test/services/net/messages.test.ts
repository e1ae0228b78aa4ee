/**
 * How many messages pass between a guest and its node: what is said in one turn goes in one. Each wakes a thread, which costs more than
 * what it says. The flow table is a stand-in that notes what it is asked.
 */

import { realHost } from '@godwit/checkpoint/base';
import type { Address, FlowTable } from '@godwit/natgateway';
import { expect, test } from 'vitest';
import { NetService, type ToGuest } from '../../../src/services/net/index.js';

const address: Address = { address: '127.0.0.1', port: 1, family: 'IPv4' };
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A service whose flows are noted, with one connection that the guest has opened as socket 1 (flow 10). */
function connected(): { service: NetService; asked: string[]; posts: (readonly ToGuest[])[] } {
  const asked: string[] = [];
  const posts: (readonly ToGuest[])[] = [];
  let nextFlow = 10;
  const flows: FlowTable = {
    attach: () => {},
    listen: () => Promise.resolve({ port: 1 }),
    unlisten: () => {},
    connect: (_pid, _epoch, { port }) => {
      asked.push(`connect ${port}`);
      return nextFlow++;
    },
    write: (flow, bytes) => asked.push(`write ${flow} ${Buffer.from(bytes)}`) > 0,
    end: (flow) => void asked.push(`end ${flow}`),
    destroy: (flow) => void asked.push(`destroy ${flow}`),
    consumed: (flow, count) => void asked.push(`consumed ${flow} ${count}`),
    freeze: () => [],
    abort: () => {},
    thaw: () => Promise.resolve(),
    commit: () => {},
    leave: () => {},
  };
  const service = new NetService({ pid: 1, epoch: 1, flows, host: realHost('error'), post: (messages) => posts.push(messages) });
  service.receive({ op: 'connect', socket: 1, host: '127.0.0.1', port: 5 });
  service.onConnect(10, address, address);
  return { service, asked, posts };
}

const opsOf = (messages: readonly ToGuest[]): string[] => messages.map(({ op, serial }) => `${serial} ${op}`);

test('what the gateway says in one turn reaches the guest in one message, in order', async () => {
  const { service, posts } = connected();
  await Promise.resolve();
  service.onData(10, bytesOf('one'));
  service.onData(10, bytesOf('two'));
  service.onEnd(10);
  expect(posts.length).toBe(1); // that it is connected, in a turn before
  await Promise.resolve();
  service.onClose(10);
  await Promise.resolve();
  expect(posts.map(opsOf)).toEqual([['1 connect'], ['2 data', '3 data', '4 end'], ['5 close']]);
});

test('a list from the guest is taken one by one; its last bytes bring the end', () => {
  const { service, asked } = connected();
  service.receive([
    { op: 'seen', serial: 1 },
    { op: 'write', socket: 1, bytes: bytesOf('a') },
    { op: 'write', socket: 1, bytes: bytesOf('b'), isLast: true },
    { op: 'destroy', socket: 1, reset: false },
    { op: 'connect', socket: 3, host: '127.0.0.1', port: 6 },
  ]);
  expect(asked).toEqual(['connect 5', 'write 10 a', 'write 10 b', 'end 10', 'destroy 10', 'connect 6']);
  expect(service.freeze().outbox).toEqual([]); // seen
});

test('a list in which something is malformed: the rest counts', () => {
  const { service, asked } = connected();
  service.receive([{ op: 'write', socket: 1, bytes: 'text' }, [], null, { op: 'end', socket: 1 }]);
  expect(asked).toEqual(['connect 5', 'end 10']);
});

test('what was told in the turn of a freeze moves with the guest, once', async () => {
  const { service, posts } = connected();
  await Promise.resolve();
  service.onData(10, bytesOf('late'));
  const state = structuredClone(service.freeze());
  await Promise.resolve();
  expect(state.outbox.map(({ serial, op }) => `${serial} ${op}`)).toEqual(['1 connect', '2 data']);
  expect(posts.map(opsOf)).toEqual([['1 connect'], ['2 data']]); // the guest that is held does not see it; one that is taken back does
});

test('what a guest says in a list while it is frozen is heard afterwards, in order', async () => {
  const { service, asked } = connected();
  service.freeze();
  service.receive([
    { op: 'write', socket: 1, bytes: bytesOf('a'), isLast: true },
    { op: 'destroy', socket: 1, reset: false },
  ]);
  expect(asked).toEqual(['connect 5']);
  service.abort();
  expect(asked).toEqual(['connect 5', 'write 10 a', 'end 10', 'destroy 10']);
});

/** What a node tells of its guests' output while it may have been taken for lost: on a real bus, the embedded hub's. */

import { realHost } from '@godwit/checkpoint/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, connectBus, EmbeddedHub } from '../../src/cluster/index.js';
import { outputSubject } from '../../src/node/control.js';
import { OutputOrder } from '../../src/node/output-order.js';
import { OutputSender, outputTaken } from '../../src/node/output-sender.js';

const host = realHost('error');
let hub: EmbeddedHub;
let buses: Bus[];
beforeEach(async () => {
  hub = new EmbeddedHub();
  const { url } = await hub.start(host);
  buses = [await connectBus(url, host, 'node'), await connectBus(url, host, 'reader')];
});
afterEach(async () => {
  for (const bus of buses) await bus.close();
  await hub.stop();
});

/** A reader that notes, with each piece, whether the node was the owner when it was told. */
async function read(pid: number, isOwner: () => boolean): Promise<[string, boolean][]> {
  const heard: [string, boolean][] = [];
  const order = new OutputOrder(({ body }) => heard.push([String(Buffer.from(body)), isOwner()]));
  buses[1]!.subscribe(outputSubject(pid), (message) => {
    order.accept(message.payload);
    message.respond(Uint8Array.of(outputTaken));
  });
  await buses[1]!.flush();
  return heard;
}

describe('OutputSender', () => {
  it('holds output back while the node may not be the owner, and tells it when it is again', async () => {
    let isOwner = true;
    const heard = await read(101, () => isOwner);
    const sender = new OutputSender(buses[0]!, host, 101, () => isOwner);
    sender.push(1, 1, Buffer.from('a'));
    await sender.idle();
    isOwner = false;
    sender.push(2, 1, Buffer.from('b'));
    // As many tries as fit until the lease is there again.
    host.after(50, () => {
      isOwner = true;
    });
    await sender.idle();
    expect(heard).toEqual([
      ['a', true],
      ['b', true],
    ]);
  });

  it('tells what a guest wrote before it was handed over, whatever became of the lease', async () => {
    const heard = await read(102, () => false);
    const sender = new OutputSender(buses[0]!, host, 102, () => false);
    sender.push(1, 1, Buffer.from('before'));
    sender.handOver();
    await sender.idle();
    expect(heard).toEqual([['before', false]]);
  });
});

/**
 * The gateway beside a plain Node pipe relay, in one run: bulk one way over one connection, and 100-byte round trips over 64
 * connections. Ratios count, figures depend on the machine; nothing is asserted. Clients, relay and guest each have a thread of
 * their own. Build first, then: node packages/natgateway/test/bench/gateway.bench.mjs
 */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { cpus } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const bulkBytes = 512 * 1024 * 1024;
const roundTrips = 60_000;
const connections = 64;
const rounds = 3;
const secret = 'bench';

/** 'B' as a connection's first byte: swallow everything and answer 1 byte at the end. Anything else: echo. */
function serve(write, end) {
  let mode = null;
  return {
    data(bytes) {
      mode ??= bytes[0] === 66 ? 'bulk' : 'echo';
      if (mode === 'echo') write(bytes);
    },
    end() {
      if (mode === 'bulk') write(Buffer.from('.'));
      end();
    },
  };
}

const roles = {
  async server() {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const guest = serve(
        (bytes) => socket.write(bytes),
        () => socket.end(),
      );
      socket.on('data', guest.data).on('end', guest.end);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return server.address().port;
  },
  async pipe({ target }) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      near.pipe(far);
      far.pipe(near);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return server.address().port;
  },
  async gateway() {
    const { Gateway } = await import('../../dist/index.js');
    const { realHost } = await import('@godwit/checkpoint/base');
    const gateway = await Gateway.start({ host: realHost(), secret });
    return gateway.nodePort;
  },
  async agent({ target }) {
    const { FlowAgent } = await import('../../dist/index.js');
    const { realHost } = await import('@godwit/checkpoint/base');
    const agent = await FlowAgent.start({
      host: realHost(),
      node: 'bench',
      secret,
      gatewayHost: '127.0.0.1',
      gatewayPort: target,
    });
    const guests = new Map();
    agent.attach(101, 1, {
      onOpen: (id) =>
        guests.set(
          id,
          serve(
            (bytes) => agent.write(id, bytes),
            () => agent.end(id) ?? agent.destroy(id),
          ),
        ),
      onData(id, bytes) {
        guests.get(id).data(bytes);
        agent.consumed(id, bytes.length);
      },
      onEnd: (id) => guests.get(id).end(),
      onClose: (id) => guests.delete(id),
      onConnect() {},
      onDrain() {},
      onListenerLost() {},
    });
    return (await agent.listen(101, 1, 0)).port;
  },
};

async function start(role, target) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { role, target } });
  const [port] = await once(worker, 'message');
  return { port, worker };
}

async function bulk(port) {
  const chunk = Buffer.alloc(256 * 1024, 66);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const startedMs = performance.now();
  for (let sent = 0; sent < bulkBytes; sent += chunk.length) if (!socket.write(chunk)) await once(socket, 'drain');
  socket.end();
  socket.resume();
  await once(socket, 'end');
  return bulkBytes / 1e6 / ((performance.now() - startedMs) / 1000);
}

async function trips(port) {
  const message = Buffer.alloc(100, 65);
  const startedMs = performance.now();
  let left = roundTrips;
  await Promise.all(
    Array.from({ length: connections }, () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let pending = message.length;
      socket.write(message);
      socket.on('data', (bytes) => {
        pending -= bytes.length;
        if (pending > 0) return;
        pending = message.length;
        left -= 1;
        if (left <= 0) socket.end();
        else socket.write(message);
      });
      return once(socket, 'close');
    }),
  );
  return roundTrips / ((performance.now() - startedMs) / 1000);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function main() {
  const server = await start('server');
  const pipe = await start('pipe', server.port);
  const gateway = await start('gateway');
  const agent = await start('agent', gateway.port);
  const ports = { direct: server.port, 'node pipe': pipe.port, gateway: agent.port };
  const results = Object.fromEntries(Object.keys(ports).map((name) => [name, { bulk: [], trips: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, port] of Object.entries(ports)) {
      results[name].bulk.push(await bulk(port));
      results[name].trips.push(await trips(port));
    }
  }
  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0].model}, medians of ${rounds}`);
  const base = results['node pipe'];
  for (const [name, { bulk: megabytes, trips: rates }] of Object.entries(results)) {
    const bulkRatio = (median(megabytes) / median(base.bulk)).toFixed(2);
    const tripRatio = (median(rates) / median(base.trips)).toFixed(2);
    console.log(
      `${name.padEnd(10)} bulk ${median(megabytes).toFixed(0).padStart(5)} MB/s (${bulkRatio} of the pipe)   ` +
        `${connections} connections ${median(rates).toFixed(0).padStart(7)} round trips/s (${tripRatio} of the pipe)`,
    );
  }
  for (const { worker } of [server, pipe, gateway, agent]) await worker.terminate();
}

if (isMainThread) await main();
else parentPort.postMessage(await roles[workerData.role](workerData));

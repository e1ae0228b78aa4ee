/**
 * What programs do with node:net, as functions of (net under test, node's net for the other end) → what they saw. Run with node's
 * own net first: what that sees is right. Only facts that do not depend on timing are reported.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';

const listening = async (server, port = 0) => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};

const fill = (length, seed) => {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8) * seed) & 255;
  return bytes;
};

const closeAll = (server) => new Promise((resolve) => server.close((error) => resolve(error?.code ?? 'closed')));
const facts = (error) => ({
  code: error.code,
  syscall: error.syscall,
  errno: error.errno,
  message: error.message.replace(/:\d+$/, ':PORT'),
});

/** Sends `bytes` and reads to the end; resolves with the hash of what came. */
function exchange(socket, bytes) {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let length = 0;
    socket.on('data', (chunk) => {
      hash.update(chunk);
      length += chunk.length;
    });
    socket.on('end', () => resolve(`${length} ${hash.digest('hex')}`));
    socket.on('error', reject);
    let sent = 0;
    const write = () => {
      while (sent < bytes.length) {
        const piece = bytes.subarray(sent, sent + 50_000);
        sent += piece.length;
        if (!socket.write(piece)) {
          socket.once('drain', write);
          return;
        }
      }
      socket.end();
    };
    write();
  });
}

/** A peer that ends at once; what the server's side sees of writing after that. `onEnd` may end it first. */
async function writeTooLate(net, real, onEnd) {
  const seen = [];
  let done;
  const finished = new Promise((resolve) => (done = resolve));
  const server = net.createServer((socket) => {
    socket.resume();
    socket.on('end', () => {
      onEnd(socket);
      socket.write('too late', (error) => seen.push(['callback', error?.code]));
    });
    socket.on('error', (error) => seen.push(['error', error.code, error.message]));
    socket.on('close', (hadError) => done(seen.push(['close', hadError])));
  });
  const port = await listening(server);
  real
    .connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume()
    .end();
  await finished;
  return [...seen.sort((a, b) => (String(a) < String(b) ? -1 : 1)), await closeAll(server)];
}

export const scenarios = {
  async echo(net, real) {
    const seen = [];
    const server = net.createServer((socket) => {
      seen.push(['connection', socket instanceof net.Socket, socket.remoteFamily, socket.localAddress, socket.readyState]);
      socket.on('data', (bytes) => seen.push(['data', bytes.toString(), socket.bytesRead]) && socket.write(bytes));
      socket.on('end', () => seen.push(['end', socket.readyState]));
      socket.on('close', (hadError) => seen.push(['close', hadError, socket.bytesRead, socket.bytesWritten, socket.destroyed]));
    });
    const port = await listening(server);
    seen.push([server.listening, server.address().family, typeof server.address().port]);
    const client = real.connect(port, '127.0.0.1');
    client.write('hello');
    seen.push(['client', String((await once(client, 'data'))[0])]);
    client.write('again');
    seen.push(['client', String((await once(client, 'data'))[0])]);
    client.end();
    await once(client, 'close');
    seen.push([await closeAll(server), server.listening, server.address()]);
    return seen;
  },

  async 'half-open: the guest answers after the peer ended'(net, real) {
    const seen = [];
    let done;
    const finished = new Promise((resolve) => (done = resolve));
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume();
      socket.on('end', () => {
        seen.push(['end', socket.readable, socket.writable, socket.readyState]);
        setTimeout(() => {
          seen.push(socket.write('late '));
          socket.end('answer');
        }, 5);
      });
      socket.on('finish', () => seen.push('finish'));
      socket.on('close', (hadError) => done(seen.push(['close', hadError])));
    });
    const port = await listening(server);
    const client = real.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('question');
    let answer = '';
    client.on('data', (bytes) => (answer += bytes));
    await Promise.all([once(client, 'close'), finished]);
    seen.push(answer, await closeAll(server));
    return seen;
  },

  async 'half-open: the guest ends first and still reads'(net, real) {
    const seen = [];
    let done;
    const finished = new Promise((resolve) => (done = resolve));
    const server = net.createServer((socket) => {
      let text = '';
      socket.end('bye');
      socket.on('data', (bytes) => (text += bytes));
      socket.on('close', (hadError) => done(seen.push(['close', text, hadError])));
    });
    const port = await listening(server);
    const client = real.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.resume();
    await once(client, 'end');
    client.end('still here');
    await finished;
    seen.push(await closeAll(server));
    return seen;
  },

  async 'destroy in the middle of a write'(net, real) {
    const seen = [];
    const server = net.createServer((socket) => {
      socket.on('error', (error) => seen.push(['error', error.code]));
      socket.on('close', (hadError) => seen.push(['close', hadError, socket.destroyed, socket.writable, socket.remoteAddress]));
      socket.write(Buffer.alloc(5_000_000), (error) => seen.push(['written', error?.code]));
      socket.destroy();
      seen.push(['then', socket.write('x', (error) => seen.push(['after', error?.code])), socket.readyState]);
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.resume();
    await once(client, 'close');
    seen.push(await closeAll(server));
    return seen.sort((a, b) => (String(a) < String(b) ? -1 : 1));
  },

  async 'destroy with an error'(net, real) {
    const seen = [];
    const server = net.createServer((socket) => {
      socket.on('error', (error) => seen.push(['error', error.message]));
      socket.on('close', (hadError) => seen.push(['close', hadError]));
      socket.destroy(new Error('enough'));
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.on('error', () => {});
    client.resume();
    await once(client, 'close');
    seen.push(await closeAll(server));
    return seen;
  },

  async 'backpressure and drain'(net, real) {
    const seen = [];
    let drains = 0;
    const server = net.createServer((socket) => {
      const bytes = fill(100_000, 7);
      let left = 100;
      let refused = false;
      const write = () => {
        while (left > 0) {
          left -= 1;
          if (!socket.write(bytes)) {
            refused = true;
            socket.once('drain', () => {
              drains += 1;
              write();
            });
            return;
          }
        }
        socket.end(() => seen.push(['written', socket.bytesWritten, refused, drains > 0]));
      };
      write();
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.pause();
    let received = 0;
    client.on('readable', () => {
      for (let bytes = client.read(); bytes !== null; bytes = client.read()) received += bytes.length;
    });
    await once(client, 'close');
    seen.push(received, await closeAll(server));
    return seen;
  },

  async 'a paused guest holds the peer back and loses nothing'(net, real) {
    const seen = [];
    let done;
    const finished = new Promise((resolve) => (done = resolve));
    const server = net.createServer((socket) => {
      let received = 0;
      let early = 0;
      socket.pause();
      socket.on('data', (bytes) => (received += bytes.length));
      setTimeout(() => {
        early = received;
        socket.resume();
      }, 100);
      socket.on('end', () => done(seen.push(['end', early, received, socket.isPaused()])));
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.end(fill(20_000_000, 3));
    client.resume();
    await finished;
    seen.push(await closeAll(server));
    return seen;
  },

  async '50 MB both ways'(net, real) {
    const mine = fill(50_000_000, 5);
    const theirs = fill(50_000_000, 9);
    let atServer;
    const served = new Promise((resolve, reject) => {
      atServer = (socket) => exchange(socket, mine).then(resolve, reject);
    });
    const server = net.createServer({ allowHalfOpen: true }, (socket) => atServer(socket));
    const port = await listening(server);
    const client = real.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const results = await Promise.all([served, exchange(client, theirs)]);
    return [...results, await closeAll(server)];
  },

  async 'server.close with open connections'(net, real) {
    const seen = [];
    const sockets = [];
    const server = net.createServer((socket) => sockets.push(socket.resume()) && server.emit('one'));
    const port = await listening(server);
    const clients = [real.connect(port, '127.0.0.1'), real.connect(port, '127.0.0.1')];
    while (sockets.length < 2) await once(server, 'one');
    seen.push(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))));
    let closed = false;
    server.on('close', () => (closed = true));
    const closing = closeAll(server);
    seen.push(['closing', closed, server.listening, server.address()]);
    const refused = real.connect(port, '127.0.0.1');
    // Node refuses at once; a guest's close() takes a moment to reach the gateway, which resets what it accepted until then.
    const { code } = await new Promise((resolve) => refused.on('error', resolve));
    seen.push(['turned away', code === 'ECONNREFUSED' || code === 'ECONNRESET']);
    for (const client of clients) client.end();
    seen.push(await closing, closed, await closeAll(server));
    return seen;
  },

  async EADDRINUSE(net) {
    const first = net.createServer();
    const port = await listening(first);
    const second = net.createServer();
    second.listen(port, '127.0.0.1');
    const [error] = await once(second, 'error');
    const seen = [facts(error), error.port === port, error.address, second.listening];
    seen.push(await closeAll(first));
    second.listen(port, '127.0.0.1');
    await once(second, 'listening');
    seen.push(second.address().port === port, await closeAll(second));
    return seen;
  },

  async ECONNREFUSED(net, real) {
    const probe = real.createServer();
    const port = await listening(probe);
    await closeAll(probe);
    const socket = net.connect(port, '127.0.0.1');
    const seen = [['connecting', socket.connecting, socket.pending, socket.readyState]];
    const [error] = await once(socket, 'error');
    seen.push(facts(error), error.port === port, error.address);
    const [hadError] = await once(socket, 'close');
    return [...seen, hadError, socket.destroyed, socket.connecting];
  },

  async 'connect, write before connected, read'(net, real) {
    const seen = [];
    const server = real.createServer((socket) => socket.pipe(socket));
    const port = await listening(server);
    const socket = net.createConnection({ port, host: '127.0.0.1' }, () =>
      seen.push(['callback', socket.remoteAddress, socket.remotePort === port]),
    );
    for (const name of ['connect', 'ready', 'end']) socket.on(name, () => seen.push(name));
    seen.push(socket.write('early'), socket.bytesWritten);
    socket.setEncoding('utf8');
    seen.push((await once(socket, 'data'))[0], socket.localAddress, socket.readyState, socket.bytesWritten);
    socket.end('more');
    seen.push((await once(socket, 'data'))[0]);
    seen.push(['close', ...(await once(socket, 'close'))], await closeAll(server));
    return seen;
  },

  async 'corked writes, an end that is refused, an end with the last bytes'(net, real) {
    const seen = [];
    const server = real.createServer({ allowHalfOpen: true }, (socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
        if (text === 'abc') socket.write('go on');
      });
      socket.on('end', () => socket.end(`all of ${text}`));
    });
    const socket = net.connect({ port: await listening(server), host: '127.0.0.1' });
    socket.setEncoding('utf8');
    await once(socket, 'connect');
    const written = (name) => () => seen.push(name);
    socket.cork();
    socket.write('a', written('a'));
    socket.write('b', written('b'));
    seen.push(socket.bytesWritten, socket.writableLength);
    socket.uncork();
    try {
      socket.end(5);
    } catch (error) {
      seen.push(error.code, socket.writableEnded);
    }
    socket.write('c', written('c')); // not the last bytes, whatever was tried before
    seen.push((await once(socket, 'data'))[0]);
    socket.cork();
    socket.write('d', written('d'));
    socket.write('e', written('e'));
    socket.end('f', written('f'));
    seen.push(socket.writableEnded, socket.writableFinished, socket.bytesWritten);
    seen.push((await once(socket, 'data'))[0], ...(await once(socket, 'close')), socket.bytesWritten);
    return [...seen, await closeAll(server)];
  },

  async 'written and ended before it is connected'(net, real) {
    const texts = [];
    const server = real.createServer({ allowHalfOpen: true }, async (socket) => {
      let text = '';
      for await (const part of socket.setEncoding('utf8')) text += part;
      texts.push(text);
    });
    server.on('connection', (socket) => socket.on('end', () => socket.end('answer')));
    const socket = net.connect({ port: await listening(server), host: '127.0.0.1' });
    for (const part of ['a', 'b', 'c']) socket.write(part);
    socket.end('d');
    socket.setEncoding('utf8');
    const answer = (await once(socket, 'data'))[0];
    await once(socket, 'close');
    return [answer, texts, socket.bytesWritten, await closeAll(server)];
  },

  /** Goes on listening when it has told: for a look at what its last connection left behind. */
  async 'stays when its connection is closed'(net, real) {
    await listening(net.createServer());
    const server = real.createServer({ allowHalfOpen: true }, (socket) => socket.on('end', () => socket.end('answer')).resume());
    const socket = net.connect({ port: await listening(server), host: '127.0.0.1' }, () => socket.end('request'));
    const answer = String((await once(socket, 'data'))[0]);
    await once(socket, 'close');
    return [answer, await closeAll(server)];
  },

  async 'connections that are opened as others close'(net, real) {
    const server = real.createServer({ allowHalfOpen: true }, (socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => (text += part));
      socket.on('end', () => socket.end(`answer to ${text}`));
    });
    const port = await listening(server);
    const get = (request) =>
      new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.end(request));
        let text = '';
        socket.setEncoding('utf8').on('data', (part) => (text += part));
        socket.on('end', () => resolve(text)).on('error', reject);
      });
    const client = async (name) => {
      const answers = [];
      for (let i = 0; i < 25; i += 1) answers.push(await get(`${name}${i}`));
      return answers;
    };
    return [await Promise.all(['a', 'b', 'c'].map(client)), await closeAll(server)];
  },

  async 'a server whose clients come and go'(net, real) {
    const seen = [];
    const server = net.createServer((socket) => {
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('close', (hadError) => seen.push(hadError));
    });
    const port = await listening(server);
    const answers = [];
    for (let i = 0; i < 20; i += 1) {
      const client = real.connect(port, '127.0.0.1', () => client.end(`request ${i}`));
      let text = '';
      for await (const part of client.setEncoding('utf8')) text += part;
      answers.push(text);
    }
    return [answers, await closeAll(server), seen];
  },

  async 'a peer that resets'(net, real) {
    const seen = [];
    let done;
    const finished = new Promise((resolve) => (done = resolve));
    const server = net.createServer((socket) => {
      socket.resume();
      socket.on('error', (error) => seen.push(['error', error.code, error.syscall, error.message]));
      socket.on('close', (hadError) => done(seen.push(['close', hadError])));
      server.emit('one');
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    await once(server, 'one');
    client.resetAndDestroy();
    await finished;
    return [...seen, await closeAll(server)];
  },

  async 'resetAndDestroy reaches the peer'(net, real) {
    const server = net.createServer((socket) => socket.resetAndDestroy());
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.resume();
    const [error] = await once(client, 'error');
    return [error.code, await closeAll(server)];
  },

  async 'timeout of an idle socket'(net, real) {
    const seen = [];
    const server = net.createServer((socket) => {
      seen.push(socket.setTimeout(30) === socket, socket.timeout);
      socket.on('timeout', () => {
        seen.push(['timeout', socket.destroyed]);
        socket.end();
      });
    });
    const port = await listening(server);
    const client = real.connect(port, '127.0.0.1');
    client.resume();
    await once(client, 'close');
    return [...seen, await closeAll(server)];
  },

  async 'writing after the peer ended'(net, real) {
    return writeTooLate(net, real, () => {});
  },

  async 'writing after both sides ended'(net, real) {
    return writeTooLate(net, real, (socket) => socket.end());
  },

  async 'destroyed before it is connected'(net, real) {
    const seen = [];
    const server = real.createServer((socket) => socket.on('error', () => {}).resume());
    const port = await listening(server);
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', (error) => seen.push(['error', error.code]));
    socket.write('x', (error) => seen.push(['written', error?.code]));
    socket.destroy();
    const [hadError] = await once(socket, 'close');
    seen.push(['close', hadError, socket.connecting]);
    return [...seen, await closeAll(server)];
  },

  async 'arguments that are refused'(net) {
    const attempt = (action) => {
      try {
        action();
        return 'accepted';
      } catch (error) {
        return [error.name, error.code, error.message];
      }
    };
    const server = net.createServer();
    const seen = [
      attempt(() => server.listen(70_000)),
      attempt(() => server.listen({ port: -1 })),
      attempt(() => net.connect({ host: 'x' })),
      attempt(() => net.connect(65_536)),
      attempt(() => new net.Socket().setTimeout(Number.NaN)),
    ];
    await listening(server);
    seen.push(attempt(() => server.listen(0)));
    return [...seen, await closeAll(server), await closeAll(server)];
  },

  async 'isIP, isIPv4 and isIPv6'(net) {
    const texts = [
      '',
      '1',
      '1.2.3.4',
      '01.2.3.4',
      '256.1.1.1',
      '1.2.3',
      '::',
      '::1',
      ':::',
      '1::',
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7::',
      '1:2:3:4:5:6:7:8::',
      '::ffff:1.2.3.4',
      '::ffff:1.2.3',
      'fe80::1%eth0',
      '1::2::3',
      '12345::',
      'g::',
      ':1',
      '1:',
      'localhost',
      '1:2:3:4:5:6:1.2.3.4',
      '1:2:3:4:5:6:7:1.2.3.4',
    ];
    return texts.map((text) => [text, net.isIP(text), net.isIPv4(text), net.isIPv6(text)]);
  },
};

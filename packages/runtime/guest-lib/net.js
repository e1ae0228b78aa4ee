/**
 * The guest's `node:net`. It is bundled into the guest and compiled with it, so sockets and servers are ordinary guest objects:
 * what they hold (unread bytes, counters, listeners) moves with the guest like any other state. The connections themselves
 * are the node daemon's (NetService) and the gateway's, reached by messages over 'godwit:host'.
 * Kept true: each message from the node is acted on once, whatever is sent again after a move (serial numbers); bytes that do
 * not fit the stream's buffer wait in the socket and are not credited to the peer.
 * Not here: IPC paths, BlockList, file descriptors, a server's address before 'listening'.
 */

import { asyncContext, enterAsyncContext, receive, ref, send, unref } from 'godwit:host';
import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** Written bytes the node may hold before a write's callback waits. */
const WRITE_WINDOW_BYTES = 256 * 1024;
/** Read bytes are reported in steps of this size: well below the window, so the peer never waits for a report. */
const CREDIT_STEP_BYTES = 64 * 1024;
/** The node keeps what it sent until it hears of it: after so many messages with whatever is said next, after so many more on its own. */
const CONFIRM_AFTER = 16;
const CONFIRM_AT_LATEST = 64;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const sockets = new Map();
const servers = new Map();
let nextSocket = 1; // odd numbers are ours, even ones the node's
let nextServer = 1;
let lastSerial = 0;
let confirmedSerial = 0;

/** What the node may hear a little later. */
let later = [];

/** Each message costs a turn of the node's: what waits goes with it. */
function tell(message) {
  if (lastSerial - confirmedSerial >= CONFIRM_AFTER) later.push(seen());
  if (later.length === 0) {
    send('net', message);
    return;
  }
  later.push(message);
  tellRest();
}

function tellRest() {
  if (later.length === 0) return;
  const messages = later;
  later = [];
  send('net', messages);
}

function seen() {
  confirmedSerial = lastSerial;
  return { op: 'seen', serial: lastSerial };
}

receive('net', (message) => {
  if (message.serial <= lastSerial) return; // sent again after a move
  if (message.serial !== lastSerial + 1) throw new Error(`net: message ${message.serial} came after ${lastSerial}`);
  lastSerial = message.serial;
  if (lastSerial - confirmedSerial >= CONFIRM_AT_LATEST) tell(seen());
  const target = message.server !== undefined ? servers.get(message.server) : sockets.get(message.socket);
  if (target === undefined) return;
  // The stores of who connected or listened (AsyncLocalStorage); a connection that was accepted has its server's.
  enterAsyncContext(target._context);
  target._onMessage(message);
});

const ERRNO = {
  EACCES: -13,
  EADDRINUSE: -98,
  EADDRNOTAVAIL: -99,
  ECONNABORTED: -103,
  ECONNREFUSED: -111,
  ECONNRESET: -104,
  EHOSTUNREACH: -113,
  EMFILE: -24,
  ENETUNREACH: -101,
  ENOBUFS: -105,
  ENOTFOUND: -3008,
  EPIPE: -32,
  EPROTO: -71,
  ETIMEDOUT: -110,
};

function systemError(code, syscall, address, port) {
  const where = address === undefined ? '' : ` ${address}${port === undefined ? '' : `:${port}`}`;
  const error = new Error(`${syscall} ${code}${where}`);
  error.errno = ERRNO[code];
  error.code = code;
  error.syscall = syscall;
  if (address !== undefined) error.address = address;
  if (port !== undefined) error.port = port;
  return error;
}

function codedError(Base, code, message) {
  const error = new Base(message);
  error.code = code;
  return error;
}

function checkPort(port, name) {
  const fits =
    (typeof port === 'number' || (typeof port === 'string' && port.trim() !== '')) && +port === +port >>> 0 && +port <= 65535;
  if (fits) return +port;
  const shown = typeof port === 'string' ? `'${port}'` : String(port);
  throw codedError(
    RangeError,
    'ERR_SOCKET_BAD_PORT',
    `${name} should be >= 0 and < 65536. Received type ${typeof port} (${shown}).`,
  );
}

const isPipeName = (value) => typeof value === 'string' && !(Number(value) >= 0);

/** (options | port[, host] | path, ...[, callback]) → [options, callback] */
function normalizeArgs(args) {
  const list = Array.from(args);
  const last = list[list.length - 1];
  const callback = typeof last === 'function' ? last : null;
  const first = list[0];
  if (list.length === 0 || first === callback) return [{}, callback];
  if (typeof first === 'object' && first !== null) return [first, callback];
  if (isPipeName(first)) return [{ path: first }, callback];
  const options = { port: first };
  if (typeof list[1] === 'string') options.host = list[1];
  return [options, callback];
}

class Socket extends Duplex {
  constructor(options) {
    const given = typeof options === 'number' ? { fd: options } : { ...options };
    const { allowHalfOpen = false, readableHighWaterMark, writableHighWaterMark, highWaterMark, signal, timeout } = given;
    if (given.fd !== undefined || given.handle !== undefined)
      throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', 'A file descriptor cannot become a socket here');
    super({
      allowHalfOpen,
      emitClose: false,
      autoDestroy: true,
      decodeStrings: true,
      readableHighWaterMark,
      writableHighWaterMark,
      highWaterMark,
      signal,
    });
    this.connecting = false;
    this.server = null;
    this._server = null;
    this._id = 0;
    this._open = false;
    this._hadError = false;
    this._bytesRead = 0;
    this._bytesDispatched = 0;
    this._acceptedBytes = 0;
    this._waitingWrite = null;
    this._waitingBytes = 0;
    this._pendingWrite = null;
    this._unread = [];
    this._wantsBytes = true;
    this._peerEnded = false;
    this._ended = false;
    this._isEnding = false;
    this._endTold = false;
    this._credit = 0;
    this._peer = null;
    this._local = null;
    this._reset = false;
    this._refed = true;
    this._context = undefined;
    this._timer = null;
    this.timeout = 0;
    this._hostname = '';
    this.on('end', onReadableEnd);
    if (timeout !== undefined) this.setTimeout(timeout);
  }

  // What the node says ------------------------------------------------------------------------------------------------

  _onMessage(message) {
    switch (message.op) {
      case 'data':
        return this._onBytes(message.bytes);
      case 'end':
        this._peerEnded = true;
        return this._pushUnread();
      case 'drain':
        return this._onAccepted(message.accepted);
      case 'connect':
        return this._onConnected(message.peer, message.local);
      case 'close':
        return this._onCut(message.errno);
    }
  }

  _onBytes(bytes) {
    if (this.destroyed) return;
    this._touch();
    this._bytesRead += bytes.byteLength;
    this._unread.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this._pushUnread();
  }

  /** Gives the stream what it wants; what it has no room for stays here and is not credited. */
  _pushUnread() {
    while (this._wantsBytes && this._unread.length > 0) {
      const bytes = this._unread.shift();
      this._credit += bytes.length;
      if (!this.push(bytes)) this._wantsBytes = false;
    }
    if (this._credit >= CREDIT_STEP_BYTES) {
      tell({ op: 'consumed', socket: this._id, count: this._credit });
      this._credit = 0;
    }
    if (this._peerEnded && this._unread.length === 0 && !this._ended) {
      this._ended = true;
      this.push(null);
      if (this.readableLength === 0) this.read(0); // so that 'end' comes without anyone reading, as in node
    }
  }

  _onAccepted(accepted) {
    this._acceptedBytes = accepted;
    this._touch();
    const waiting = this._waitingWrite;
    if (waiting === null || this._bytesDispatched - accepted > WRITE_WINDOW_BYTES) return;
    this._waitingWrite = null;
    this._waitingBytes = 0;
    waiting();
  }

  _onConnected(peer, local) {
    this._peer = peer;
    this._local = local;
    this._touch();
    this.connecting = false;
    this._open = true;
    this.emit('connect');
    this.emit('ready');
    if (this.destroyed) return;
    const pending = this._pendingWrite;
    this._pendingWrite = null;
    pending?.go();
    if (!this.isPaused()) this.read(0);
  }

  _onCut(errno) {
    const wasConnecting = this.connecting;
    this._open = false;
    const code = errno ?? 'ECONNRESET';
    if (!wasConnecting) this.destroy(systemError(code, 'read'));
    else if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      const error = systemError(code, 'getaddrinfo', this._hostname);
      error.hostname = error.address;
      delete error.address;
      this.destroy(error);
    } else this.destroy(systemError(code, 'connect', this._hostname, this._port));
  }

  // The stream's side -------------------------------------------------------------------------------------------------

  _read() {
    this._wantsBytes = true;
    if (!this.connecting) this._pushUnread();
  }

  _write(chunk, _encoding, callback) {
    this._writeAll([chunk], callback);
  }

  /** What gathered while the stream was corked, or waited for a write before it. */
  _writev(parts, callback) {
    const chunks = parts.map((part) => part.chunk);
    this._writeAll(chunks, callback);
  }

  _writeAll(chunks, callback) {
    if (this.connecting) {
      this._pendingWrite = { go: () => this._writeAll(chunks, callback), callback };
      return;
    }
    if (!this._open) {
      callback(systemError('EPIPE', 'write'));
      return;
    }
    this._touch();
    const bytes = copyOf(chunks);
    this._bytesDispatched += bytes.length;
    // No more comes, and _final would only say so: it goes with the last bytes.
    const isLast = (this._isEnding || this.writableEnded) && this.writableLength === bytes.length;
    if (isLast) this._endTold = true;
    tell(isLast ? { op: 'write', socket: this._id, bytes, isLast } : { op: 'write', socket: this._id, bytes });
    if (this._bytesDispatched - this._acceptedBytes <= WRITE_WINDOW_BYTES) callback();
    else {
      this._waitingWrite = callback;
      this._waitingBytes = bytes.length;
    }
  }

  _final(callback) {
    if (this.connecting) {
      this._pendingWrite = { go: () => this._final(callback), callback };
      return;
    }
    if (this._open && !this._endTold) {
      this._endTold = true;
      tell({ op: 'end', socket: this._id });
    }
    callback();
  }

  _destroy(error, callback) {
    this.connecting = false;
    this._open = false;
    this._clearTimer();
    this._unread = [];
    const waiting = this._waitingWrite;
    const pending = this._pendingWrite;
    this._waitingWrite = null;
    this._waitingBytes = 0;
    this._pendingWrite = null;
    pending?.callback(
      codedError(Error, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established'),
    );
    if (this._id !== 0 && sockets.delete(this._id)) {
      unref(this._key());
      const message = { op: 'destroy', socket: this._id, reset: this._reset };
      // Where both sides have ended the peer sees nothing of it: it waits for the next message, or the next turn (below).
      if (this._peerEnded && this._endTold && !this._reset) later.push(message);
      else tell(message);
    }
    const hadError = Boolean(error);
    callback(error);
    const server = this._server;
    this._server = null;
    setImmediate(() => {
      tellRest();
      waiting?.(null); // node too calls back without an error: the bytes were handed over
      this.emit('close', hadError);
      server?._onSocketClosed();
    });
  }

  _key() {
    return `net:socket:${this._id}`;
  }

  _adopt(id) {
    this._id = id;
    sockets.set(id, this);
    if (this._refed) ref(this._key());
  }

  connect(...args) {
    const [options, callback] = normalizeArgs(args.length === 1 && Array.isArray(args[0]) ? args[0] : args);
    if (callback !== null) this.once('connect', callback);
    if (options.path !== undefined) {
      this.destroy(systemError('ENOTSUP', 'connect', options.path));
      return this;
    }
    if (options.port === undefined)
      throw codedError(TypeError, 'ERR_MISSING_ARGS', 'The "options" or "port" or "path" argument must be specified');
    this._port = checkPort(options.port, 'Port');
    this._context = asyncContext();
    this._hostname = options.host ?? 'localhost';
    if (options.timeout !== undefined) this.setTimeout(options.timeout);
    this.connecting = true;
    this._adopt(nextSocket);
    nextSocket += 2;
    tell({ op: 'connect', socket: this._id, host: this._hostname, port: this._port });
    return this;
  }

  end(data, encoding, callback) {
    this._isEnding = true;
    try {
      super.end(data, encoding, callback);
    } finally {
      this._isEnding = false; // it has ended, or refused what it was given
    }
    return this;
  }

  destroySoon() {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  resetAndDestroy() {
    this._reset = true;
    if (this._open || this.connecting) this.destroy();
    else this.destroy(codedError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'));
    return this;
  }

  // Options and facts -------------------------------------------------------------------------------------------------

  setTimeout(timeoutMs, callback) {
    if (this.destroyed) return this;
    if (typeof timeoutMs !== 'number') {
      throw codedError(
        TypeError,
        'ERR_INVALID_ARG_TYPE',
        `The "msecs" argument must be of type number. Received ${timeoutMs === null ? 'null' : typeof timeoutMs}`,
      );
    }
    if (!(timeoutMs >= 0 && timeoutMs < Number.POSITIVE_INFINITY)) {
      throw codedError(
        RangeError,
        'ERR_OUT_OF_RANGE',
        `The value of "msecs" is out of range. It must be a non-negative finite number. Received ${timeoutMs}`,
      );
    }
    this.timeout = Math.min(timeoutMs, LONGEST_TIMEOUT_MS);
    this._clearTimer();
    if (this.timeout === 0) {
      if (callback !== undefined) this.removeListener('timeout', callback);
      return this;
    }
    this._touch();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  /** Anything happened: the idle time starts again. */
  _touch() {
    if (this.timeout === 0 || this.destroyed) return;
    this._clearTimer();
    this._timer = setTimeout(() => {
      this._timer = null;
      this.emit('timeout');
    }, this.timeout);
    this._timer.unref();
  }

  _clearTimer() {
    if (this._timer !== null) clearTimeout(this._timer);
    this._timer = null;
  }

  setNoDelay() {
    return this; // the gateway never delays
  }

  setKeepAlive() {
    return this; // the link to the gateway has a heartbeat of its own
  }

  ref() {
    this._refed = true;
    if (sockets.has(this._id)) ref(this._key());
    return this;
  }

  unref() {
    this._refed = false;
    if (this._id !== 0) unref(this._key());
    return this;
  }

  address() {
    return this._local === null || this.destroyed
      ? {}
      : { address: this._local.address, family: this._local.family, port: this._local.port };
  }

  get _connecting() {
    return this.connecting;
  }

  get pending() {
    return this._id === 0 || this.connecting;
  }

  get readyState() {
    if (this.connecting) return 'opening';
    if (this.readable && this.writable) return 'open';
    if (this.readable) return 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  get bufferSize() {
    return this._id === 0 ? undefined : this.writableLength;
  }

  get bytesRead() {
    return this._bytesRead;
  }

  get bytesWritten() {
    return this._bytesDispatched + this.writableLength - this._waitingBytes; // what waits was dispatched, and still counts as unwritten
  }

  get remoteAddress() {
    return this.destroyed ? undefined : this._peer?.address;
  }

  get remoteFamily() {
    return this.destroyed ? undefined : this._peer?.family;
  }

  get remotePort() {
    return this.destroyed ? undefined : this._peer?.port;
  }

  get localAddress() {
    return this.destroyed ? undefined : this._local?.address;
  }

  get localFamily() {
    return this.destroyed ? undefined : this._local?.family;
  }

  get localPort() {
    return this.destroyed ? undefined : this._local?.port;
  }
}

/** Bytes of the node's own: the guest may use its buffers again. */
function copyOf(chunks) {
  if (chunks.length === 1) return new Uint8Array(chunks[0]);
  let length = 0;
  for (let i = 0; i < chunks.length; i += 1) length += chunks[i].length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < chunks.length; i += 1) {
    bytes.set(chunks[i], at);
    at += chunks[i].length;
  }
  return bytes;
}

/** The peer has ended and this side does not stay half open: once this side has ended too, writes fail as in node. */
function onReadableEnd() {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(chunk, encoding, callback) {
  if (!this.writableEnded) return Duplex.prototype.write.call(this, chunk, encoding, callback);
  const done = typeof encoding === 'function' ? encoding : callback;
  const error = codedError(Error, 'EPIPE', 'This socket has been ended by the other party');
  if (typeof done === 'function') queueMicrotask(() => done(error));
  this.destroy(error);
  return false;
}

class Server extends EventEmitter {
  constructor(options, listener) {
    super();
    const given = typeof options === 'function' || options === undefined || options === null ? {} : options;
    const onConnection = typeof options === 'function' ? options : listener;
    if (typeof given !== 'object')
      throw codedError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type object.');
    if (onConnection !== undefined) this.on('connection', onConnection);
    this.allowHalfOpen = given.allowHalfOpen ?? false;
    this.pauseOnConnect = Boolean(given.pauseOnConnect);
    this.highWaterMark = given.highWaterMark;
    this.maxConnections = undefined;
    this._connections = 0;
    this._id = 0;
    this._state = 'closed';
    this._address = null;
    this._refed = true;
    this._context = undefined;
  }

  listen(...args) {
    const [options, callback] = normalizeArgs(args);
    if (this._state !== 'closed')
      throw codedError(Error, 'ERR_SERVER_ALREADY_LISTEN', 'Listen method has been called more than once without closing.');
    if (options.path !== undefined || options.fd !== undefined) {
      queueMicrotask(() => this.emit('error', systemError('ENOTSUP', 'listen', options.path)));
      return this;
    }
    const port = options.port === undefined || options.port === null ? 0 : checkPort(options.port, 'options.port');
    if (callback !== null) this.once('listening', callback);
    this._id = nextServer;
    nextServer += 1;
    this._state = 'opening';
    this._wanted = { port, host: options.host };
    this._context = asyncContext();
    servers.set(this._id, this);
    if (this._refed) ref(this._key());
    tell({ op: 'listen', server: this._id, port, host: options.host ?? '' });
    const { signal } = options;
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', () => this.close(), { once: true });
    return this;
  }

  _key() {
    return `net:server:${this._id}`;
  }

  _onMessage(message) {
    switch (message.op) {
      case 'listening':
        this._state = 'listening';
        this._address = { address: message.address, family: message.family, port: message.port };
        this.emit('listening');
        return;
      case 'listenFailed': {
        this._release();
        const { port, host } = this._wanted;
        const error = systemError(message.errno, 'listen', host ?? '::', port);
        error.message = `listen ${message.errno}: ${LISTEN_TEXT[message.errno] ?? 'cannot listen'} ${host ?? '::'}:${port}`;
        this.emit('error', error);
        return;
      }
      case 'connection':
        this._onConnection(message);
    }
  }

  _onConnection({ socket: id, peer, local }) {
    if (this.maxConnections !== undefined && this._connections >= this.maxConnections) {
      tell({ op: 'destroy', socket: id, reset: false });
      this.emit('drop', {
        localAddress: local.address,
        localPort: local.port,
        localFamily: local.family,
        remoteAddress: peer.address,
        remotePort: peer.port,
        remoteFamily: peer.family,
      });
      return;
    }
    const { allowHalfOpen, highWaterMark } = this;
    const socket = new Socket({ allowHalfOpen, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark });
    socket._adopt(id);
    socket._open = true;
    socket._context = this._context;
    socket._peer = peer;
    socket._local = local;
    socket.server = this;
    socket._server = this;
    this._connections += 1;
    if (this.pauseOnConnect) socket.pause();
    this.emit('connection', socket);
    if (!this.pauseOnConnect && !socket.destroyed) socket.read(0);
  }

  address() {
    return this._address;
  }

  get listening() {
    return this._state === 'listening';
  }

  getConnections(callback) {
    queueMicrotask(() => callback(null, this._connections));
    return this;
  }

  _release() {
    servers.delete(this._id);
    unref(this._key());
    this._state = 'closed';
    this._address = null;
  }

  close(callback) {
    const wasOpen = this._state !== 'closed';
    if (typeof callback === 'function') {
      if (wasOpen) this.once('close', callback);
      else this.once('close', () => callback(codedError(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.')));
    }
    if (wasOpen) {
      tell({ op: 'unlisten', server: this._id });
      this._release();
    }
    this._emitCloseIfDrained();
    return this;
  }

  _onSocketClosed() {
    this._connections -= 1;
    this._emitCloseIfDrained();
  }

  _emitCloseIfDrained() {
    if (this._state !== 'closed' || this._connections > 0) return;
    setImmediate(() => this.emit('close'));
  }

  ref() {
    this._refed = true;
    if (this._state !== 'closed') ref(this._key());
    return this;
  }

  unref() {
    this._refed = false;
    if (this._id !== 0) unref(this._key());
    return this;
  }
}

const LISTEN_TEXT = { EADDRINUSE: 'address already in use', EACCES: 'permission denied', EADDRNOTAVAIL: 'address not available' };

function createServer(options, listener) {
  return new Server(options, listener);
}

function connect(...args) {
  const [options, callback] = normalizeArgs(args);
  const socket = new Socket(options);
  return callback === null ? socket.connect(options) : socket.connect(options, callback);
}

const octet = '(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])';
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
const group = '[0-9a-fA-F]{1,4}';

function isIPv4(value) {
  return ipv4.test(`${value}`);
}

function isIPv6(value) {
  let text = `${value}`;
  const zone = text.indexOf('%');
  if (zone >= 0) {
    if (!/^[0-9a-zA-Z-.:]+$/.test(text.slice(zone + 1))) return false;
    text = text.slice(0, zone);
  }
  const lastColon = text.lastIndexOf(':');
  if (lastColon < 0) return false;
  let spare = 8;
  if (text.includes('.')) {
    if (!isIPv4(text.slice(lastColon + 1))) return false;
    text = `${text.slice(0, lastColon)}:0:0`;
  }
  const halves = text.split('::');
  if (halves.length > 2) return false;
  for (const half of halves) {
    if (half === '') {
      if (halves.length === 1) return false;
      continue;
    }
    const groups = half.split(':');
    if (!groups.every((one) => new RegExp(`^${group}$`).test(one))) return false;
    spare -= groups.length;
  }
  return halves.length === 2 ? spare >= 1 : spare === 0;
}

function isIP(value) {
  return isIPv4(value) ? 4 : isIPv6(value) ? 6 : 0;
}

let autoSelectFamily = true;
const getDefaultAutoSelectFamily = () => autoSelectFamily;
const setDefaultAutoSelectFamily = (value) => {
  autoSelectFamily = Boolean(value);
};

let attemptTimeoutMs = 250;
const getDefaultAutoSelectFamilyAttemptTimeout = () => attemptTimeoutMs;
const setDefaultAutoSelectFamilyAttemptTimeout = (value) => {
  attemptTimeoutMs = Math.max(10, value);
};

const createConnection = connect;
const Stream = Socket;

export {
  connect,
  createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Stream,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
export default {
  Server,
  Socket,
  Stream,
  connect,
  createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};

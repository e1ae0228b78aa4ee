/**
 * How a node and the gateway recognise each other on a new connection, before it carries frames:
 *
 *   gateway → CHALLENGE nonce      node → HELLO node, session, bytes received, own nonce, proof
 *   gateway → WELCOME bytes received, session number, proof   or   REFUSED code, message
 *
 * A proof is an HMAC of the shared secret over both nonces and all that is claimed, so neither side learns the secret from the
 * other and nothing can be replayed. Messages are length-prefixed JSON, bounded, with a time limit.
 * Nonces and the session name are from node:crypto, not from Host: they must not be predictable, and nothing depends on their value.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { type ErrorCode, GodwitError, type Host } from '@godwit/checkpoint/base';
import type { GatewayLimits } from '../limits.js';

/** Raised when a frame comes to mean something else: both ends must read it the same way. */
export const protocolVersion = 2;

export interface HelloMessage {
  readonly node: string;
  readonly session: string;
  /** The node holds nothing of this session yet: the gateway may start it. */
  readonly fresh: boolean;
  readonly receivedBytes: number;
  readonly nonce: string;
  readonly proof: string;
}

export type WelcomeMessage =
  | { readonly receivedBytes: number; readonly sessionNumber: number; readonly proof: string }
  | { readonly refused: ErrorCode; readonly message: string };

export function newNonce(): string {
  return randomBytes(24).toString('base64url');
}

function proofOf(secret: string, parts: readonly (string | number | boolean)[]): string {
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url');
}

function sameProof(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The node's side. Resolves with what the gateway said, once its proof was checked; the socket is paused then. */
export async function introduce(
  socket: Socket,
  who: { secret: string; node: string; session: string; fresh: boolean; receivedBytes: number },
  host: Host,
  limits: GatewayLimits,
): Promise<{ receivedBytes: number; sessionNumber: number }> {
  const challenge = await readMessage(socket, host, limits);
  if (challenge.protocol !== protocolVersion || typeof challenge.nonce !== 'string')
    throw badHandshake('the challenge is not of this protocol');
  const nonce = newNonce();
  const claims = [who.node, who.session, who.fresh, who.receivedBytes];
  const proof = proofOf(who.secret, ['node', challenge.nonce, nonce, ...claims]);
  const { node, session, fresh, receivedBytes } = who;
  writeMessage(socket, { node, session, fresh, receivedBytes, nonce, proof } satisfies HelloMessage);
  const answer = await readMessage(socket, host, limits);
  if (typeof answer.refused === 'string') {
    throw new GodwitError(answer.refused as ErrorCode, `Cannot join the gateway as "${who.node}": ${String(answer.message)}`);
  }
  const received = answer.receivedBytes;
  const sessionNumber = answer.sessionNumber;
  if (!isCount(received) || !isCount(sessionNumber) || typeof answer.proof !== 'string')
    throw badHandshake('the welcome is malformed');
  if (!sameProof(answer.proof, proofOf(who.secret, ['gateway', challenge.nonce, nonce, received, sessionNumber]))) {
    throw new GodwitError('GODWIT_GATEWAY_UNTRUSTED', `Cannot join the gateway as "${who.node}": it does not know the secret`);
  }
  return { receivedBytes: received, sessionNumber };
}

/** The gateway's side, first half: challenges, and checks who answers. The socket is paused when it resolves. */
export async function examine(
  socket: Socket,
  secret: string,
  host: Host,
  limits: GatewayLimits,
): Promise<{ hello: HelloMessage; challenge: string }> {
  const challenge = newNonce();
  writeMessage(socket, { protocol: protocolVersion, nonce: challenge });
  const message = await readMessage(socket, host, limits);
  const { node, session, fresh, receivedBytes, nonce, proof } = message;
  const wellFormed =
    isName(node) &&
    isName(session) &&
    typeof fresh === 'boolean' &&
    isCount(receivedBytes) &&
    typeof nonce === 'string' &&
    typeof proof === 'string';
  if (!wellFormed) throw badHandshake('the hello is malformed');
  if (!sameProof(proof, proofOf(secret, ['node', challenge, nonce, node, session, fresh, receivedBytes]))) {
    throw new GodwitError('GODWIT_NODE_UNTRUSTED', `Cannot accept node "${node}": it does not know the secret`, {
      fields: { node },
    });
  }
  return { hello: { node, session, fresh, receivedBytes, nonce, proof }, challenge };
}

/** The gateway's side, second half: lets the node in. */
export function welcome(
  socket: Socket,
  secret: string,
  seen: { hello: HelloMessage; challenge: string },
  receivedBytes: number,
  sessionNumber: number,
): void {
  const proof = proofOf(secret, ['gateway', seen.challenge, seen.hello.nonce, receivedBytes, sessionNumber]);
  writeMessage(socket, { receivedBytes, sessionNumber, proof } satisfies WelcomeMessage);
}

/** The gateway's side: turns the node away and says why. */
export function turnAway(socket: Socket, code: ErrorCode, message: string): void {
  writeMessage(socket, { refused: code, message } satisfies WelcomeMessage);
  socket.end();
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}

function badHandshake(state: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_HANDSHAKE_FAILED', `Cannot set up a gateway link: ${state}`, { cause });
}

function writeMessage(socket: Socket, message: object): void {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(4);
  head.writeUInt32LE(body.length, 0);
  socket.write(Buffer.concat([head, body]));
}

const handshakeMessageBytes = 4096;

/** Reads one message; bytes after it are put back, and the socket is left paused. */
function readMessage(socket: Socket, host: Host, limits: GatewayLimits): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    const finish = (problem: string | null, message?: Record<string, unknown>): void => {
      timer.cancel();
      socket.pause();
      socket.off('data', onData).off('close', onClose).off('error', onClose);
      if (message !== undefined) resolve(message);
      else reject(badHandshake(problem ?? 'no message'));
    };
    const onClose = (): void => finish('the connection was closed');
    const onData = (bytes: Buffer): void => {
      seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
      if (seen.length < 4) return;
      const length = seen.readUInt32LE(0);
      if (length > handshakeMessageBytes) {
        finish(`a message of ${length} bytes`);
        return;
      }
      if (seen.length < 4 + length) return;
      const message = parseObject(seen.subarray(4, 4 + length));
      const rest = seen.subarray(4 + length);
      finish('a message is not an object', message);
      if (rest.length > 0) socket.unshift(rest);
    };
    const timer = host.after(limits.handshakeMs, () => finish('no answer in time'));
    socket.on('data', onData).on('close', onClose).on('error', onClose);
    if (socket.destroyed) onClose();
    else socket.resume();
  });
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // the caller turns it into a typed error
  }
}

/**
 * How two nodes find out, over a fresh connection, that both hold the cluster's secret, without sending it.
 *
 *   both    HELLO magic, version, node id, nonce
 *   dialler PROOF hmac(secret, "dial"   | both ids and nonces)  →  checked by the listener
 *   ← PROOF hmac(secret, "listen" | both ids and nonces)           checked by the dialler
 *
 * Keeps true: each side proves itself over the other's fresh nonce, so nothing recorded can be played back.
 * Not encryption: on a network others can listen to, put TLS below it.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import { encodeFrame, type Frame, FrameReader, frameKind, protocolError, u32 } from './frames.js';

const magic = Buffer.from('GDWT');
const version = 1;

export interface HandshakeOptions {
  readonly host: Host;
  readonly secret: string;
  readonly node: number;
  readonly role: 'dial' | 'listen';
  /** The node that must answer, for a dialler. */
  readonly expectNode?: number;
}

interface Greeting {
  readonly node: number;
  readonly nonce: Buffer;
}

/** Resolves with the other node's id; bytes that follow are then given to `next`. @throws GODWIT_HANDSHAKE, and destroys the socket */
export function shakeHands(socket: Socket, options: HandshakeOptions, next: (node: number) => FrameReader): Promise<number> {
  return new Promise((resolve, reject) => {
    const own: Greeting = { node: options.node, nonce: randomBytes(32) };
    let other: Greeting | undefined;
    let reader: FrameReader;
    const fail = (state: string) => {
      settle();
      socket.destroy();
      reject(new GodwitError('GODWIT_HANDSHAKE', `Cannot open a link with another node: ${state}`));
    };
    const timer = options.host.after(migrateLimits.handshakeTimeoutMs, () => fail('it did not answer in time'));
    const onClose = () => fail('the connection broke');
    const settle = () => {
      timer.cancel();
      socket.off('close', onClose).off('data', onData);
    };
    const send = (role: 'dial' | 'listen') =>
      write(socket, encodeFrame(frameKind.proof, proof(options.secret, role, own, other!, options.role)));
    const onFrame = ({ kind, body }: Frame) => {
      if (!other && kind === frameKind.hello) {
        other = parseHello(body);
        if (options.expectNode !== undefined && other.node !== options.expectNode)
          throw protocolError(`it is node ${other.node}, not ${options.expectNode}`);
        if (options.role === 'dial') send('dial');
      } else if (other && kind === frameKind.proof) {
        const theirRole = options.role === 'dial' ? 'listen' : 'dial';
        const right = proof(options.secret, theirRole, own, other, options.role);
        if (body.length !== right.length || !timingSafeEqual(body, right))
          throw protocolError('it does not know the secret of this cluster');
        if (options.role === 'listen') send('listen');
        settle();
        const following = next(other.node);
        reader.handOver(following);
        resolve(other.node);
      } else throw protocolError('an unexpected frame');
    };
    const onData = (chunk: Buffer) => {
      try {
        reader.feed(chunk);
      } catch (error) {
        if (!(error instanceof GodwitError)) throw error;
        fail(String(error.fields.state));
      }
    };
    reader = new FrameReader(onFrame);
    socket.on('close', onClose).on('data', onData);
    write(socket, encodeFrame(frameKind.hello, magic, Buffer.from([version]), u32(own.node), own.nonce));
  });
}

/** Both sides hash the dialler's greeting first. */
function proof(secret: string, prover: 'dial' | 'listen', own: Greeting, other: Greeting, ownRole: 'dial' | 'listen'): Buffer {
  const [dialler, listener] = ownRole === 'dial' ? [own, other] : [other, own];
  const hmac = createHmac('sha256', secret).update(`godwit-link ${version} ${prover} ${dialler.node} ${listener.node} `);
  return hmac.update(dialler.nonce).update(listener.nonce).digest();
}

function parseHello(body: Buffer): Greeting {
  if (body.length !== 41 || !body.subarray(0, 4).equals(magic)) throw protocolError('it is no node of Godwit');
  if (body[4] !== version) throw protocolError(`it speaks version ${body[4]}, this node ${version}`);
  return { node: body.readUInt32BE(5), nonce: Buffer.from(body.subarray(9)) };
}

function write(socket: Socket, parts: Uint8Array[]): void {
  for (const part of parts) socket.write(part);
}

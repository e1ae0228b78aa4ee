/**
 * Bytes of NATS's client protocol → operations, for the embedded hub.
 *
 *   CONNECT {json}\r\n   PING\r\n   PONG\r\n   SUB subject [queue] sid\r\n   UNSUB sid [max]\r\n
 *   PUB subject [reply] #bytes\r\npayload\r\n   HPUB subject [reply] #headerBytes #totalBytes\r\nheaders+payload\r\n
 *
 * Keeps true: a line or payload over its bound is refused before it is collected; every subject given out is well-formed.
 * Not an authority on who may do what: that is hub/connection.ts.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../../limits.js';
import { isPattern, isSubject } from '../subject.js';

export type ClientOperation =
  | { op: 'connect'; options: Record<string, unknown> }
  | { op: 'ping' }
  | { op: 'pong' }
  | { op: 'sub'; subject: string; queue: string | undefined; sid: string }
  | { op: 'unsub'; sid: string; max: number | undefined }
  | { op: 'pub'; subject: string; reply: string | undefined; headerBytes: number; body: Buffer };

type PublishHead = Omit<Extract<ClientOperation, { op: 'pub' }>, 'body'> & { totalBytes: number };

const NEWLINE = 10;

export class ProtocolParser {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #head: PublishHead | undefined;

  constructor(private readonly emit: (operation: ClientOperation) => void) {}

  /** Takes the next bytes. @throws GODWIT_PROTOCOL; the stream cannot be read on after that. */
  feed(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    while (this.#head ? this.#takePayload(this.#head) : this.#takeLine()) {
      // each step consumes one line or one payload
    }
  }

  #takePayload(head: PublishHead): boolean {
    const needed = head.totalBytes + 2;
    if (this.#bufferedBytes < needed) return false;
    const bytes = this.#take(needed);
    if (bytes[needed - 2] !== 13 || bytes[needed - 1] !== NEWLINE)
      throw protocolError('the payload does not end where its length says');
    this.#head = undefined;
    const { totalBytes: _, ...rest } = head;
    this.emit({ ...rest, body: bytes.subarray(0, head.totalBytes) });
    return true;
  }

  #takeLine(): boolean {
    // Only the newest chunk can bring the end of a line that was not there before, but the first one may hold many lines.
    const whole = this.#chunks.length === 1 ? this.#chunks[0]! : this.#flatten();
    const end = whole.indexOf(NEWLINE);
    if (end > clusterLimits.maxControlLineBytes || (end < 0 && whole.length > clusterLimits.maxControlLineBytes)) {
      throw protocolError('the line is too long');
    }
    if (end < 0) return false;
    const line = this.#take(end + 1)
      .toString('utf8')
      .trimEnd();
    if (line.length > 0) this.#parseLine(line);
    return this.#bufferedBytes > 0;
  }

  #parseLine(line: string): void {
    const gap = line.search(/[ \t]/);
    const verb = (gap < 0 ? line : line.slice(0, gap)).toUpperCase();
    const rest = gap < 0 ? '' : line.slice(gap).trim();
    const args = rest.length === 0 ? [] : rest.split(/[ \t]+/);
    if (verb === 'PUB' || verb === 'HPUB') this.#head = publishHead(verb === 'HPUB', args);
    else if (verb === 'PING') this.emit({ op: 'ping' });
    else if (verb === 'PONG') this.emit({ op: 'pong' });
    else if (verb === 'SUB') this.emit(subscribe(args));
    else if (verb === 'UNSUB') this.emit(unsubscribe(args));
    else if (verb === 'CONNECT') this.emit({ op: 'connect', options: connectOptions(rest) });
    else throw protocolError(`unknown operation "${verb.slice(0, 20)}"`);
  }

  #take(bytes: number): Buffer {
    const whole = this.#flatten();
    this.#bufferedBytes = whole.length - bytes;
    this.#chunks = this.#bufferedBytes > 0 ? [whole.subarray(bytes)] : [];
    return whole.subarray(0, bytes);
  }

  #flatten(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks, this.#bufferedBytes)];
    return this.#chunks[0]!;
  }
}

function publishHead(withHeaders: boolean, args: string[]): PublishHead {
  const sizes = withHeaders ? 2 : 1;
  if (args.length !== 1 + sizes && args.length !== 2 + sizes)
    throw protocolError('a publication with a wrong number of arguments');
  const totalBytes = count(args.at(-1)!);
  const headerBytes = withHeaders ? count(args.at(-2)!) : 0;
  if (totalBytes > clusterLimits.maxPayloadBytes) throw protocolError('Maximum Payload Violation');
  if (headerBytes > totalBytes) throw protocolError('headers longer than the message');
  const subject = args[0]!;
  const reply = args.length === 2 + sizes ? args[1] : undefined;
  if (!isSubject(subject) || (reply !== undefined && !isSubject(reply))) throw protocolError('Invalid Publish Subject');
  return { op: 'pub', subject, reply, headerBytes, totalBytes };
}

function subscribe(args: string[]): ClientOperation {
  const [subject, second, third] = args;
  if (args.length < 2 || args.length > 3 || !isPattern(subject!)) throw protocolError('Invalid Subject');
  return { op: 'sub', subject: subject!, queue: third === undefined ? undefined : second, sid: third ?? second! };
}

function unsubscribe(args: string[]): ClientOperation {
  if (args.length < 1 || args.length > 2) throw protocolError('an unsubscription with a wrong number of arguments');
  return { op: 'unsub', sid: args[0]!, max: args[1] === undefined ? undefined : count(args[1]) };
}

function connectOptions(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // falls through to the one error below: the text is not repeated, it may hold a token
  }
  throw protocolError('CONNECT without an options object');
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw protocolError('a size that is no number');
  return Number(text);
}

function protocolError(state: string): GodwitError {
  return new GodwitError('GODWIT_PROTOCOL', `Cannot read from the client: ${state}`, { fields: { state } });
}

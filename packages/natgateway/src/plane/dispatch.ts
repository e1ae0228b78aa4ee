/**
 * What the gateway does with each frame of a node. A frame about a flow or guest that the node does not hold (any more) is
 * stale and ignored; a frame that no correct node can send ends the node's session.
 */

import { type FrameHeader, FrameType } from './frames.js';
import type { Gateway } from './gateway.js';
import { parseClaim, parseDial, parseListen } from './messages.js';
import type { PeerFlow } from './peerflow.js';
import type { NodeSession } from './session.js';

/** Flows below are numbered by the gateway; an agent numbers its own from (session number x 2^32) on. */
const firstDialledFlow = 2 ** 32;

/** Returns null, or why the session cannot go on. */
export function handleFrame(gateway: Gateway, session: NodeSession, header: FrameHeader, payload: Uint8Array): string | null {
  const { type, id, seq, aux } = header;
  switch (type) {
    case FrameType.DATA:
      return onFlow(gateway, session, id, (flow) => flow.onData(seq, payload));
    case FrameType.ACK:
      return onFlow(gateway, session, id, (flow) => flow.onAck(seq, aux));
    case FrameType.END:
      return onFlow(gateway, session, id, (flow) => flow.onEnd(seq));
    case FrameType.CLOSE:
      return onClose(gateway, session, id, aux);
    default:
      return onControl(gateway, session, header, payload);
  }
}

/** A flow whose numbers do not fit is broken and reset; the node's other flows go on. */
function onFlow(gateway: Gateway, session: NodeSession, id: number, take: (flow: PeerFlow) => boolean): string | null {
  const flow = gateway.flowOf(session, id);
  if (flow === undefined || take(flow)) return null;
  gateway.host.log('error', 'a flow has a gap and is reset', { flow: id, node: session.node });
  session.link.send(FrameType.CLOSED, id);
  gateway.closeFlow(flow, 'reset');
  return null;
}

function onClose(gateway: Gateway, session: NodeSession, id: number, how: number): string | null {
  const flow = gateway.flowOf(session, id);
  if (flow === undefined && gateway.isKnown(id)) return null; // another node has it now, and will say the same
  const isAwaited = how >= 2;
  if (isAwaited) session.link.send(FrameType.CLOSED, id);
  else session.link.sendLazily(FrameType.CLOSED, id);
  if (flow !== undefined) gateway.closeFlow(flow, how % 2 === 0 ? 'finish' : 'reset');
  return null;
}

function onControl(gateway: Gateway, session: NodeSession, header: FrameHeader, payload: Uint8Array): string | null {
  const { type, id, seq, aux } = header;
  const speaker = { node: session.node, pid: id, epoch: aux };
  switch (type) {
    case FrameType.LISTEN: {
      const message = parseListen(payload);
      if (message === null || id === 0) return 'a malformed LISTEN';
      gateway.apply({ type: 'listen', request: id, node: session.node, ...message });
      return null;
    }
    case FrameType.DIAL: {
      const message = parseDial(payload);
      if (message === null || id < firstDialledFlow) return 'a malformed DIAL';
      gateway.dial(session, id, message);
      return null;
    }
    case FrameType.UNLISTEN:
      gateway.apply({ type: 'unlisten', port: seq, ...speaker });
      return null;
    case FrameType.HOLD:
      gateway.apply({ type: 'hold', ...speaker });
      return null;
    case FrameType.RELEASE:
      gateway.apply({ type: 'release', ...speaker });
      return null;
    case FrameType.LEAVE:
      gateway.apply({ type: 'leave', ...speaker });
      session.link.hurry(); // the end of a guest waits for its flows'
      return null;
    case FrameType.LOAD:
      gateway.apply({ type: 'load', load: seq / 1000, ...speaker });
      return null;
    default:
      return onClaim(gateway, session, header, payload);
  }
}

function onClaim(gateway: Gateway, session: NodeSession, header: FrameHeader, payload: Uint8Array): string | null {
  const { type, id, seq, aux } = header;
  if (type === FrameType.CLAIM) {
    const message = parseClaim(payload);
    if (message === null || session.claim !== null) return 'a malformed CLAIM';
    session.claim = { ...message, number: 0, flows: new Map() };
    return null;
  }
  if (session.claim === null) return `a frame of type ${type} that a node does not send here`;
  if (type === FrameType.RESUME && session.claim.flows.size < gateway.limits.flows) {
    session.claim.flows.set(id, [seq, aux]);
    return null;
  }
  if (type !== FrameType.CLAIM_END) return `a frame of type ${type} inside a claim`;
  session.claim.number = seq;
  gateway.finishClaim(session);
  return null;
}

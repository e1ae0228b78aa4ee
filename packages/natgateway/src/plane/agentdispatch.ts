/**
 * What a node does with each frame of the gateway. Frames about a flow or guest that is not live here are dropped: the gateway
 * keeps what they said for whoever claims the guest next.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { repeatedBytes, takeEndMarker } from '../flow/receive.js';
import { rewindTo } from '../flow/send.js';
import type { FlowAgent } from './agent.js';
import { AgentFlow } from './agentflow.js';
import { type FrameHeader, FrameType } from './frames.js';
import { parseClaimed, parseConnected, parseListened, parseOpen, parsePortLost, parseRefused } from './messages.js';

export function handleAgentFrame(agent: FlowAgent, header: FrameHeader, payload: Uint8Array): void {
  switch (header.type) {
    case FrameType.OPEN:
      onOpen(agent, header.id, payload);
      return;
    case FrameType.LISTENED:
      onListened(agent, header.id, payload);
      return;
    case FrameType.REFUSED:
      onRefused(agent, header, payload);
      return;
    case FrameType.CLAIMED:
      onClaimed(agent, header.id, payload);
      return;
    case FrameType.PORT_LOST:
      onPortLost(agent, header.id, payload);
      return;
    default:
      onFlowFrame(agent, header, payload);
      return;
  }
}

function onFlowFrame(agent: FlowAgent, header: FrameHeader, payload: Uint8Array): void {
  const { type, id, seq, aux } = header;
  const flow = agent.flows.get(id);
  if (flow === undefined) return;
  if (type === FrameType.RESUMED) {
    onResumed(agent, flow, seq, aux);
    return;
  }
  if (!agent.isLive(flow)) return;
  if (type === FrameType.ACK) {
    agent.onAck(flow, seq, aux);
    return;
  }
  if (type === FrameType.CLOSED) {
    onClosed(agent, flow);
    return;
  }
  if (flow.closing !== null) return; // the guest wants no more of it
  if (type === FrameType.DATA) {
    onData(agent, flow, seq, payload);
    return;
  }
  if (type === FrameType.END) {
    onEnd(agent, flow, seq, Buffer.from(payload).toString('latin1'));
    return;
  }
  if (type === FrameType.CONNECTED) {
    onConnected(agent, flow, payload);
    return;
  }
  agent.host.log('error', 'the gateway sent a frame that a node does not take', { type });
}

function onData(agent: FlowAgent, flow: AgentFlow, seq: number, bytes: Uint8Array): void {
  const repeated = repeatedBytes(flow.receive, seq, bytes.length);
  if (repeated < 0) {
    agent.cutFlow(flow, 'EPROTO');
    return;
  }
  if (repeated < bytes.length) agent.deliver(flow, repeated === 0 ? bytes : bytes.subarray(repeated));
}

function onEnd(agent: FlowAgent, flow: AgentFlow, seq: number, code: string): void {
  const taken = takeEndMarker(flow.receive, seq, code);
  if (taken === 'gap') {
    agent.cutFlow(flow, 'EPROTO');
    return;
  }
  if (taken === 'repeated') return;
  if (code !== '') {
    agent.cutFlow(flow, code);
    return;
  }
  agent.guests.get(flow.origin.pid)?.events?.onEnd(flow.id);
  agent.tellProgress(flow);
}

function onConnected(agent: FlowAgent, flow: AgentFlow, payload: Uint8Array): void {
  const message = parseConnected(payload);
  if (message === null || flow.peer !== null) return; // malformed, or said again after a move
  flow.peer = message.peer;
  flow.local = message.local;
  agent.guests.get(flow.origin.pid)?.events?.onConnect(flow.id, message.peer, message.local);
}

/** The gateway has let go of a flow: because we asked, or because the connection is beyond repair. */
function onClosed(agent: FlowAgent, flow: AgentFlow): void {
  if (flow.closing === null) agent.cutFlow(flow, 'ECONNRESET');
  agent.forgetFlow(flow);
}

function onOpen(agent: FlowAgent, id: number, payload: Uint8Array): void {
  const message = parseOpen(payload);
  if (message === null) return;
  const { pid, peer, local, listenerPort } = message;
  const guest = agent.guests.get(pid);
  if (guest === undefined || guest.state !== 'live' || agent.flows.has(id)) return;
  const flow = new AgentFlow({ id, pid, dial: null, listenerPort }, agent.limits);
  flow.peer = peer;
  flow.local = local;
  agent.enter(guest, flow);
  if (guest.events === null || !guest.listeners.has(listenerPort)) {
    // the listener has just gone
    agent.closeFlow(flow, 'reset');
    return;
  }
  guest.events.onOpen(id, peer, local, listenerPort);
}

function onListened(agent: FlowAgent, id: number, payload: Uint8Array): void {
  const message = parseListened(payload);
  const request = agent.requests.get(id);
  if (message === null || request === undefined) return;
  agent.requests.delete(id);
  const { guest, epoch, pool, weight } = request;
  if (request.abandoned || agent.guests.get(guest.pid) !== guest || guest.events === null) {
    agent.link.send(FrameType.UNLISTEN, guest.pid, message.port, epoch);
    return;
  }
  guest.listeners.set(message.port, { kind: 'listener', port: message.port, pool, weight });
  request.resolve({ port: message.port });
}

function onRefused(agent: FlowAgent, header: FrameHeader, payload: Uint8Array): void {
  const message = parseRefused(payload);
  if (message === null) return;
  const error = new GodwitError(message.code, message.message);
  const { id, aux, seq } = header;
  if (aux === 0) {
    const request = agent.requests.get(id);
    agent.requests.delete(id);
    if (request !== undefined && !request.abandoned) request.reject(error);
    return;
  }
  if (aux === 1) {
    const flow = agent.flows.get(id);
    if (flow !== undefined) agent.cutFlow(flow, 'ENOBUFS');
    return;
  }
  const guest = agent.guests.get(id);
  if (guest !== undefined && guest.epoch === seq) agent.fence(guest, error);
}

function onClaimed(agent: FlowAgent, pid: number, payload: Uint8Array): void {
  const message = parseClaimed(payload);
  const guest = agent.guests.get(pid);
  if (message === null || guest === undefined || guest.state !== 'claiming') return;
  if (message.claim !== guest.claim) return; // of an earlier claim: were it taken for this one, acknowledgements would run ahead of it
  guest.state = 'live';
  for (const id of message.lost) {
    const flow = guest.flows.get(id);
    if (flow === undefined) continue;
    flow.ready = true;
    if (flow.closing !== null) agent.forgetFlow(flow);
    else if (flow.origin.dial !== null && flow.peer === null)
      agent.sendDial(guest, flow); // its DIAL was still on the way
    else {
      agent.cutFlow(flow, 'ECONNRESET');
      agent.forgetFlow(flow);
    }
  }
  const thawing = guest.thawing;
  guest.thawing = null;
  thawing?.resolve();
  agent.forgetIfDone(guest);
}

/** The gateway says where a claimed flow stands: everything from there on is sent (again). */
function onResumed(agent: FlowAgent, flow: AgentFlow, seq: number, credit: number): void {
  const guest = agent.guests.get(flow.origin.pid);
  if (guest === undefined || guest.state !== 'live') return;
  const freedBytes = rewindTo(flow.send, seq, seq + credit);
  flow.ready = true;
  flow.closeSent = false;
  if (freedBytes < 0) {
    agent.cutFlow(flow, 'EPROTO');
    return;
  }
  agent.pump(flow);
  if (freedBytes > 0 && flow.closing === null) guest.events?.onDrain(flow.id, flow.acceptedBytes);
  agent.tellProgress(flow);
}

function onPortLost(agent: FlowAgent, pid: number, payload: Uint8Array): void {
  const message = parsePortLost(payload);
  const guest = agent.guests.get(pid);
  if (message === null || guest === undefined || !guest.listeners.delete(message.port)) return;
  guest.events?.onListenerLost(message.port, new GodwitError(message.code, message.message));
}

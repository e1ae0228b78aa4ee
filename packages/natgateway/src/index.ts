/**
 * @godwit/natgateway: the cluster's public address. `Gateway` owns the peers' TCP connections, a `FlowAgent` on each node gives
 * guests their ends of them (interface FlowTable), and both together move a guest's connections with it, byte by byte.
 */

export type { Address, Closing, FlowId, FlowState, ListenerState, OpenFlowState } from './flow/state.js';
export { defaultLimits, type GatewayLimits } from './limits.js';
export { FlowAgent, type FlowAgentOptions } from './plane/agent.js';
export type { FlowEvents, FlowTable, ListenOptions } from './plane/flowtable.js';
export { FrameType } from './plane/frames.js';
export { type FlowInfo, Gateway, type GatewayOptions, type ListenerInfo } from './plane/gateway.js';
export type {
  ClaimedMessage,
  ClaimMessage,
  ConnectedMessage,
  DialMessage,
  ListenedMessage,
  ListenMessage,
  OpenMessage,
  PortClaim,
  PortLostMessage,
  RefusedMessage,
} from './plane/messages.js';
export type { TableCommand, TableEvent, TableState } from './table/model.js';
export { newTable } from './table/model.js';
export { step } from './table/transitions.js';

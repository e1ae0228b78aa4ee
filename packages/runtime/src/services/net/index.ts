/** The net service: a guest's `node:net`, host side. The guest side is guest-lib/net.js, plain JavaScript that is bundled into the guest. */

export type { FromGuest, ToGuest } from './messages.js';
export { NetService, type NetServiceOptions } from './net-service.js';
export type { NetServiceState } from './persist.js';

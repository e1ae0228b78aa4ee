/** The heap codec: guest graph to pages and back, and the internal slots it needs from the debugger. */
export { type InternalScope, type InternalSlots, Internals } from './internals.js';

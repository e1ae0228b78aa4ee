/** The heap codec: guest graph to pages and back, names for built-ins, and internal slots read through the debugger. */
export { nameBuiltins } from './builtins.js';
export { decodeHeap } from './decode.js';
export { encodeHeap } from './encode.js';
export { type HiddenClassOracle, hiddenClassOracle } from './hidden-classes.js';
export { type InternalScope, type InternalSlots, Internals } from './internals.js';
export type { LateCollection } from './late-collection.js';
export type { ChangedBuiltIn, HeapOptions, HeapStats, NamedBuiltins, Privates, SpecialKind } from './options.js';
export { PagedHeap, type PagedHeapOptions } from './paging.js';
export { isParcel } from './parcel-tables.js';
export { ParcelSource } from './parcels.js';
export { withNatives } from './v8-natives.js';
export type { Wish } from './wish.js';

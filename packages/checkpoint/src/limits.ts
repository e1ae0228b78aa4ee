/**
 * Every bound of this package in one place, with unit and reason. Past a bound: a typed error, never a silent cut.
 */
export const limits = {
  /** Objects asked about in one inspector round: bounds the ids V8 keeps and the size of one JSON message. */
  internalsBatchObjects: 256,
  /** Bytes of records after which a heap page is cut: small enough to fetch on a fault, large enough to compress. */
  heapPageBytes: 64 * 1024,
  /** Objects that are made whole while one that refers to them is: six calls each on the stack, which may be the guest's (heap/paging.ts). */
  decodeDepth: 24,
  /** Bytes of a guest's first parcel, which is written while it stands still: a small guest comes whole. */
  firstParcelBytes: 16 * 1024,
  /** Values of an array, Map or Set that come at once in parcels: a millisecond of whoever waits for one. */
  pieceValues: 1024,
  /** Entries of one Map: V8 throws for more than 2^24, deleted ones counted. */
  mapEntries: 2 ** 23,
  /** Longer strings are not asked for by their text: all keys are waited for. */
  questionCharacters: 1024,
  /** Bytes from which a buffer or string gets a page of its own, so that it can be sent ahead and stored once. */
  largeBlobBytes: 32 * 1024,
  /** Keys up to which objects share a shape; longer ones are dictionaries whose keys travel with them. */
  shapeKeys: 32,
  /** Shapes of one image, to bound generated code; objects past it travel as dictionaries. */
  shapes: 8192,
  /** Elements from which an array's named extras are asked of the inspector instead of listing every index as a string. */
  listedElements: 1024,
  /** Uses from which a shape is worth a generated factory. */
  shapeFactoryUses: 16,
  /** Characters of texts made at run time whose compiled forms are looked up again; past it all are forgotten. */
  lateTextCharacters: 4 * 1024 * 1024,
  /** Characters up to which a text made at run time is searched for calls; longer ones are parsed at once. */
  trivialTextCharacters: 4096,
  /** A file that changed so shortly before a compile may have been read before or after its change: file systems' times are as coarse as this. */
  unsettledFileMs: 2_000,
  /** Bytes of an image's JSON header: names and digests of its sections, never content. */
  imageHeaderBytes: 16 * 1024 * 1024,
  /** Bytes of one compressed chunk, raw: zstd-codec works in a fixed heap of 16 MB. */
  imageChunkBytes: 1024 * 1024,
  /** Stored size over raw size above which a section is stored as it is: float arrays gain little. */
  imageWorthRatio: 0.95,
  /** Stored bytes of one image held in memory as one Uint8Array (Node's Buffer limit is 4 GiB). */
  imageBytes: 4 * 1024 * 1024 * 1024 - 64 * 1024 * 1024,
} as const;

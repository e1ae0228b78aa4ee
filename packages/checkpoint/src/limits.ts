/**
 * Every bound of this package in one place, with unit and reason. Past a bound: a typed error, never a silent cut.
 */
export const limits = {
  /** Objects asked about in one inspector round: bounds the ids V8 keeps and the size of one JSON message. */
  internalsBatchObjects: 256,
} as const;

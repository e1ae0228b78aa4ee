/** Raised whenever the bundling or the passes print something else for the same input: what is cached or moved is of one version. */
export const COMPILER_VERSION = 57;

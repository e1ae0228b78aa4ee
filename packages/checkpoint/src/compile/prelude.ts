/** The built-ins that are written in JavaScript and bundled with every program: no file of an author's. */
export const ofPrelude = /(^|\/)guest-lib\/prelude(-[a-z-]+)?\.js$/;

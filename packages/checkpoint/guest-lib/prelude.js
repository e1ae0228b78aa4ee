/**
 * What every guest begins with: built-ins that call back, in JavaScript, compiled with the guest, so that it can be captured while its
 * callbacks run. Each file takes one part of them.
 */
import './prelude-arrays.js';
import './prelude-strings.js';
import './prelude-collections.js';
import './prelude-json.js';
import './prelude-typed-arrays.js';

export { AssertionFailure, assert, type ErrorCode, type ErrorFields, GodwitError, messageOf, unreachable } from './errors.js';
export { type Host, type LogLevel, realHost, type TimerHandle } from './host.js';

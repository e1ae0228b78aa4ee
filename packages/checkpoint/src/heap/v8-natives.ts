/** Functions of V8's own, which only texts compiled while the natives syntax is on may name. */
import { setFlagsFromString } from 'node:v8';

/**
 * Runs `compile` with the natives syntax, in which it compiles what it returns: by a first call, since V8 compiles lazily. From constant text;
 * V8's natives have no other spelling. Undefined where V8 refuses.
 */
export function withNatives<T>(compile: () => T): T | undefined {
  try {
    setFlagsFromString('--allow-natives-syntax');
    return compile();
  } catch {
    return undefined;
  } finally {
    setFlagsFromString('--no-allow-natives-syntax');
  }
}

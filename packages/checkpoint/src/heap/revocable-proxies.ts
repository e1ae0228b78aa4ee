/**
 * Proxies that can be revoked. Only V8's own function can do that, and it cannot be saved; so every proxy that is made again is made with
 * one, which is kept here by the proxy for what stands for it in the guest (guest/proxies.ts). A revoked proxy has neither target nor
 * handler any more: all there is to know is whether it could be called.
 */
import { SafeWeakMap } from './primordials.js';

const { revocable } = Proxy;
const revokers = new SafeWeakMap<object, () => void>();

export function makeRevocable(target: object, handler: object): object {
  const { proxy, revoke } = revocable(target, handler);
  revokers.set(proxy, revoke);
  return proxy;
}

export const revokeProxy = (proxy: object): void => revokers.get(proxy)?.();

export function makeRevoked(isCallable: boolean): object {
  const { proxy, revoke } = revocable(isCallable ? function revoked() {} : {}, {});
  revoke();
  return proxy;
}

/**
 * The guest's Proxy.revocable: V8's, with a revoker that is a record of the proxy and so can be captured like any closure.
 */
import { makeRevocable, revokeProxy } from '../heap/revocable-proxies.js';
import { hostClosureKind } from './host-closures.js';
import { whole } from './touching.js';

class RevokerRecord {
  constructor(public proxy: object | null) {}
}

const makeRevoker = hostClosureKind('revoke', (record: RevokerRecord) => () => {
  const { proxy } = record;
  if (proxy === null) return;
  record.proxy = null;
  revokeProxy(proxy);
});

/** Puts it into the realm. Before anything names built-ins. */
export function installProxies(): void {
  const { revocable } = {
    revocable(target: object, handler: object): { proxy: object; revoke(): unknown } {
      const proxy = makeRevocable(whole(target), handler);
      return { proxy, revoke: makeRevoker(new RevokerRecord(proxy)) as () => unknown };
    },
  };
  Object.defineProperty(Proxy, 'revocable', { value: revocable, writable: true, enumerable: false, configurable: true });
}

/** Classes whose instances appear in images. */
export const proxyClasses = { RevokerRecord };

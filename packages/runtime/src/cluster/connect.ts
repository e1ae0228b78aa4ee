/**
 * From a cluster's URL to its bus.
 *   nats://[user:password@|token@]host:port[,host:port…][?replicas=3]   a real NATS server with JetStream
 *   godwit://TOKEN@127.0.0.1:PORT                                      the embedded hub of a daemon on this machine
 * Keeps true: an error never repeats the URL's secret.
 */

import { GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import { AuthorizationError, connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { clusterLimits } from '../limits.js';
import type { Bus } from './bus.js';
import { ClientBus, type OpenKeyValue } from './client-bus.js';
import { openHubKeyValue } from './hub-kv.js';
import { natsKeyValue } from './nats-kv.js';

/**
 * Connects to the cluster at `url`; `name` is shown in the server's list of clients.
 * @throws GODWIT_BAD_URL, GODWIT_BUS_UNREACHABLE, GODWIT_BUS_REFUSED (wrong token or password)
 */
export async function connectBus(url: string, host: Host, name: string): Promise<Bus> {
  const { options, openKeyValue } = plan(url);
  let connection: NatsConnection;
  try {
    connection = await connect({
      ...options,
      name,
      timeout: clusterLimits.connectTimeoutMs,
      pingInterval: clusterLimits.clientPingIntervalMs,
      maxPingOut: 2,
      reconnectTimeWait: clusterLimits.reconnectDelayMs,
      reconnectJitter: clusterLimits.reconnectDelayMs,
    });
  } catch (error) {
    const refused = [error, (error as Error).cause].some((cause) => cause instanceof AuthorizationError);
    const state = refused ? 'it refused the token or password' : messageOf(error);
    const code = refused ? 'GODWIT_BUS_REFUSED' : 'GODWIT_BUS_UNREACHABLE';
    throw new GodwitError(code, `Cannot connect to "${withoutSecret(url)}": ${state}`, { cause: error });
  }
  return new ClientBus(connection, host, openKeyValue);
}

/** The URL as it may be shown. */
export function withoutSecret(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}

function plan(url: string): { options: NodeConnectionOptions; openKeyValue: OpenKeyValue } {
  const match = /^(nats|tls|godwit):\/\/(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?(.*))?$/.exec(url);
  if (!match) throw badUrl(url, 'expected nats://host:port or godwit://token@127.0.0.1:port');
  const [, scheme, secret, hosts, query] = match;
  const [user, password] = (secret ?? '').split(':').map(decodeURIComponent);
  if (scheme === 'godwit') {
    if (!user) throw badUrl(url, 'the token before the @ is missing');
    const options = { servers: hosts!, token: user, maxReconnectAttempts: clusterLimits.hubReconnectAttempts };
    return { options, openKeyValue: openHubKeyValue };
  }
  const replicas = Number(new URLSearchParams(query).get('replicas') ?? 1);
  if (![1, 3, 5].includes(replicas)) throw badUrl(url, 'replicas must be 1, 3 or 5');
  const login = password !== undefined ? { user: user!, pass: password } : user ? { token: user } : {};
  const options: NodeConnectionOptions = {
    servers: hosts!.split(','),
    // The servers of a cluster may all be away for a while; leases, not the connection, decide whether this node may go on.
    maxReconnectAttempts: -1,
    ...login,
    ...(scheme === 'tls' ? { tls: {} } : {}),
  };
  return { options, openKeyValue: natsKeyValue(replicas) };
}

function badUrl(url: string, expected: string): GodwitError {
  return new GodwitError('GODWIT_BAD_URL', `Cannot use the cluster URL "${withoutSecret(url)}": ${expected}`);
}

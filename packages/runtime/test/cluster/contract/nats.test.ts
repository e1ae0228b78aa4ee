import { busContract } from './bus-contract.js';
import { hasNatsServer, startNats } from './servers.js';

if (!hasNatsServer)
  console.warn('SKIPPED: no nats-server on this machine (apt-get install nats-server); the bus was NOT tried on the real server');
busContract('nats-server with JetStream', startNats, !hasNatsServer);

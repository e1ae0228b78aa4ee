/** Bounds of the net service, a guest each. */

/** Sockets and servers a guest may have: what an event loop serves, and a bound on the daemon's memory. */
export const guestSockets = 20_000;
export const guestServers = 1_000;
/** Connections to ports whose listen() is just being answered. */
export const unplacedConnections = 1_000;

/** The guest's `node:net` as CommonJS sees it: one plain object of functions and classes, which packages may patch. */
'use strict';

const net = require('./net.js').default;

// Node's own, which pin: they are objects outside of JavaScript.
for (const name of ['BlockList', 'SocketAddress'])
  Object.defineProperty(net, name, { get: () => require('node:net')[name], enumerable: true, configurable: true });

module.exports = net;

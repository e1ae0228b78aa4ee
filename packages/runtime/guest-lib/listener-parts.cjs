/** What the guest's `node:events` and its EventTarget share: how many listeners are too many, and where an EventTarget keeps its own. */
'use strict';

module.exports = {
  limits: { defaultMaxListeners: 10 },
  kEvents: Symbol('kEvents'),
};

/** The guest's `node:timers`: the runtime's timers, which are globals too, and the guest's `timers/promises`. */
'use strict';

module.exports = {
  ...require('node:timers'),
  get promises() {
    return require('./timers-promises.cjs');
  },
};

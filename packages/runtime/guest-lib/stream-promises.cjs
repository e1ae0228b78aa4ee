/** The guest's `node:stream/promises`: those of the guest's streams. */
'use strict';

module.exports = require('./stream.cjs').promises;

/** The guest's `node:net` as CommonJS sees it: one plain object of functions and classes, which packages may patch. */
'use strict';

module.exports = require('./net.js').default;

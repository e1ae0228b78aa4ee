'use strict';
module.exports = { parent: module.parent, id: module.id, early: module };

// Requires in a circle.
const first = require('../first.cjs');
exports.parent = module.parent;
exports.module = module;
exports.loadedThen = first.module.loaded;
exports.hasRun = () => module.loaded && first.module.loaded;

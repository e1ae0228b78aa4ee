const tried = (name) => require(name);
module.exports = {
  isMain: require.main === module,
  main: require.main,
  parent: module.parent,
  module,
  load: tried,
  resolved: require.resolve('./data.json'),
};
require('./deeper/second.cjs');

/** The process of a node daemon (src/node/main.ts). */
require('./program.js').start('node', 'node/main');

/** The thread of a guest (src/guest/main.ts). */
require('./program.js').start('guest', 'guest/main');

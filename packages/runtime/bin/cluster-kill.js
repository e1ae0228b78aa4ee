#!/usr/bin/env node
require('./program.js').start('commands', 'cli/cluster-kill');

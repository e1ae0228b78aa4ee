#!/usr/bin/env node
import '../dist/cli/cluster-restore.js';

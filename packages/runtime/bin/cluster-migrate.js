#!/usr/bin/env node
import '../dist/cli/cluster-migrate.js';

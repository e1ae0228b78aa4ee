#!/usr/bin/env node
import '../dist/cli/cluster-node.js';

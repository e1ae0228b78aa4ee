#!/usr/bin/env node
import '../dist/cli/cluster-ps.js';

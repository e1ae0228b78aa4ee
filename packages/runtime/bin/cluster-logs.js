#!/usr/bin/env node
import '../dist/cli/cluster-logs.js';

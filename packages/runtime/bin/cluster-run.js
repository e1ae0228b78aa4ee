#!/usr/bin/env node
import '../dist/cli/cluster-run.js';

#!/usr/bin/env node
import '../dist/cli/cluster-checkpoint.js';

#!/usr/bin/env node
import '../dist/cli/cluster-check.js';

#!/usr/bin/env node
import '../dist/cli/cluster-wait.js';

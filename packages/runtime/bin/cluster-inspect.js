#!/usr/bin/env node
import '../dist/cli/cluster-inspect.js';

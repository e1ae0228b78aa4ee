#!/usr/bin/env node
import '../dist/cli/cluster-kill.js';

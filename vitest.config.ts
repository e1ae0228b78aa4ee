import { defineConfig } from 'vitest/config';

// One project per tier. Worker threads run the built files in dist, so `tsc -b` comes first (npm test does that).
const tier = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, pool: 'forks' as const, setupFiles: ['test/kit/seed.ts'] },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      tier('unit', ['packages/*/test/**/*.test.ts', 'test/bench/**/*.test.ts'], 30_000),
      tier('conformance', ['test/conformance/**/*.test.ts'], 120_000),
      tier('e2e', ['test/e2e/**/*.test.ts'], 180_000),
    ],
  },
});

import { defineConfig } from 'vitest/config';

const slow = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: ['unit', 'repo', 'conformance', 'integration', 'e2e', 'fault'].map((tier) => ({
      test: { name: tier, include: [`test/${tier}/**/*.test.ts`], ...slow },
    })),
  },
});

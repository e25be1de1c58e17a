import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'bench/*.test.ts',
            'src/**/*.test.ts',
            'test/{architecture,contracts,ecosystems,fuzz,images,support}/**/*.test.ts',
            'tools/**/*.test.ts',
          ],
          pool: 'threads',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          pool: 'threads',
          // They count on time to kill in, and fill disks.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/{e2e,hostile}/**/*.test.ts'],
          globalSetup: ['test/support/prepare.ts'],
          pool: 'threads',
          // Suites share one Docker engine and two cores: one at a time is faster than all at once.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})

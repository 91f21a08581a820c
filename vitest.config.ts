// SPDX-License-Identifier: GPL-2.0-only
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,workers,stress}/**/*.test.ts', '.build/*.test.js'],
    // A process for each file: a machine is global to its process. Two at once: tests start CPUs of their own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

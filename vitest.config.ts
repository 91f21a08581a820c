// SPDX-License-Identifier: GPL-2.0-only
import { defineConfig } from 'vitest/config';

/**
 * Files that cannot share a process with others: tests that start CPUs or a browser, send signals to themselves, look
 * at their own memory, hook RAM, or replace a module.
 */
const ALONE = [
  '**/*.{threads,browser,slow}.test.ts',
  '**/{corpus,dfs,dfs_reduced,diagram,explore,export_c,limits,lock_stat,replay}.test.ts',
  '**/{round,search,self_check,watchdog}.test.ts',
  'src/arch/sab/*.test.ts',
  'stress/conformance/**/*.test.ts',
];

export default defineConfig({
  test: {
    // Two at once: tests start CPUs of their own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './src/testing/left_out.ts'],
    projects: [
      {
        extends: true,
        // The slow ones first: then the others fill what is left of the two processes' time.
        test: { name: 'alone', include: ALONE, exclude: ['**/node_modules/**', '**/*.slow.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['{src,workers,stress}/**/*.test.ts', '.build/*.test.js'],
          exclude: ALONE,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'slow', include: ['{src,workers,stress}/**/*.slow.test.ts'] } },
    ],
  },
});

// SPDX-License-Identifier: GPL-2.0-only
/** Bundles the program of the report's pages: one script, which stress/report/html/shell.ts puts into each page. */
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'stress/report/html/client/main.ts',
  platform: 'browser',
  // what the printers share with it may import from node: what it does not use
  treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
  output: { file: 'dist/report-client.js', format: 'iife', minify: true },
});

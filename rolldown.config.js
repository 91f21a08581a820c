// SPDX-License-Identifier: GPL-2.0-only
/** Bundles the program of the report's pages: one script, which stress/report/html/shell.ts puts into each page. */
import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

/** What the chart library asks of those who pass it on. */
const NOTICES = ['echarts/NOTICE', 'zrender/LICENSE'].map((name) =>
  readFileSync(new URL(`node_modules/${name}`, import.meta.url), 'utf8').trim(),
);

export default defineConfig({
  input: 'stress/report/html/client/main.ts',
  platform: 'browser',
  // what the printers share with it may import from node: what it does not use
  treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
  output: {
    file: 'dist/report-client.js',
    format: 'iife',
    minify: true,
    postBanner: `/*!\nWith Apache ECharts, Apache-2.0 (http://www.apache.org/licenses/LICENSE-2.0):\n\n${NOTICES.join('\n\n')}\n*/`,
  },
});

// SPDX-License-Identifier: GPL-2.0-only
/** Bundles the program of the report's pages: one script, which stress/html/shell.ts puts into each page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './fresh.js';

/** What the chart library asks of those who pass it on. */
const notices = () =>
  ['echarts/NOTICE', 'zrender/LICENSE']
    .map((name) => readFileSync(join(ROOT, 'node_modules', name), 'utf8').trim())
    .join('\n\n');

/** @param {string} folder - that dist/ is built in */
export async function bundle(folder) {
  const program = await rolldown({
    input: join(ROOT, 'stress/commands/page/program.ts'),
    cwd: ROOT,
    platform: 'browser',
    logLevel: 'silent',
    // what the printers share with it may import from node: what it does not use
    treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
  });
  await program.write({
    file: join(folder, 'report-client.js'),
    format: 'iife',
    minify: true,
    postBanner: `/*!\nWith Apache ECharts, Apache-2.0 (http://www.apache.org/licenses/LICENSE-2.0):\n\n${notices()}\n*/`,
  });
  await program.close();
}

// SPDX-License-Identifier: GPL-2.0-only
/** The files of a benchmark, in a folder of its own: reports/bench-<utc>. */
import { join } from 'node:path';
import { Files } from '../cli/files.ts';
import { newFolder, utcName } from '../cli/folder.ts';
import type { BenchOptions } from './bench_options.ts';
import type { Bench } from './bench_result.ts';
import { toBenchMarkdown } from './bench_text.ts';
import { toBenchHtml } from './page/page.ts';

export function writeBench(bench: Bench, { output, json, html }: BenchOptions): Files {
  const files = new Files();
  files.attempt(output, () => {
    const folder = newFolder(output, `bench-${utcName(bench.startedAt)}`);
    const asJson = (): string => `${JSON.stringify(bench, null, 1)}\n`;
    const page = (): string => toBenchHtml(bench);
    files.write(join(folder, 'bench.json'), asJson);
    if (json !== null) files.write(json, asJson);
    files.write(join(folder, 'bench.md'), () => toBenchMarkdown(bench));
    files.write(join(folder, 'bench.html'), page);
    if (html !== null) files.write(html, page);
  });
  return files;
}

// SPDX-License-Identifier: GPL-2.0-only
/** The files of a benchmark, in a folder of its own: reports/bench-<utc>. */
import { dirname, join } from 'node:path';
import { makeFolder } from '../cli/folder.ts';
import { toBenchHtml } from '../report/html/bench_page.ts';
import { attempt, newFolder, replaceFile, utcName } from '../report/write.ts';
import type { BenchOptions } from './options.ts';
import type { Bench } from './result.ts';
import { toBenchMarkdown } from './text.ts';

/** @returns the paths written @throws ReportError */
export function writeBench(bench: Bench, { output, json, html }: BenchOptions): string[] {
  const folder = newFolder(output, `bench-${utcName(bench.startedAt)}`);
  const asJson = `${JSON.stringify(bench, null, 1)}\n`;
  const page = toBenchHtml(bench);
  const files: readonly (readonly [path: string, text: string])[] = [
    [join(folder, 'bench.json'), asJson],
    [join(folder, 'bench.html'), page],
    [join(folder, 'bench.md'), toBenchMarkdown(bench)],
    ...(json === null ? [] : [[json, asJson] as const]),
    ...(html === null ? [] : [[html, page] as const]),
  ];
  for (const [path, text] of files) {
    attempt(path, () => {
      makeFolder(dirname(path));
      replaceFile(path, text);
    });
  }
  return files.map(([path]) => path);
}

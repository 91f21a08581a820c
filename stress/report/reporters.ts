// SPDX-License-Identifier: GPL-2.0-only
/** The printers: the file of each, and what it prints. */
import { toCsv } from './csv.ts';
import { toHtml } from './html/page.ts';
import { toJson } from './json.ts';
import { toJunit } from './junit.ts';
import { toLockStat } from './lock_stat.ts';
import { toMarkdown } from './markdown.ts';
import type { Reporter } from './reporter_names.ts';
import type { Run } from './result.ts';
import { toTrace } from './trace.ts';

export interface Printer {
  readonly file: string;
  readonly print: (run: Run) => string;
}

export const REPORTERS = {
  json: { file: 'report.json', print: ({ result }) => toJson(result) },
  md: { file: 'report.md', print: ({ result }) => toMarkdown(result) },
  lock_stat: { file: 'lock_stat.txt', print: ({ result }) => toLockStat(result.locks) },
  junit: { file: 'junit.xml', print: toJunit },
  csv: { file: 'locks.csv', print: toCsv },
  trace: { file: 'trace.json', print: (run) => toTrace(run) },
  html: { file: 'report.html', print: toHtml },
} as const satisfies Record<Reporter, Printer>;

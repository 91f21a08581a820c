// SPDX-License-Identifier: GPL-2.0-only
/** The printers: the file of each, and what it prints. */
import type { Reporter } from '../options/reporters.ts';
import type { Run } from '../result/run_result.ts';
import { toHtml } from './page/page.ts';
import { toCsv } from './printers/csv.ts';
import { toJson } from './printers/json.ts';
import { toJunit } from './printers/junit.ts';
import { toLockStat } from './printers/lock_stat.ts';
import { toMarkdown } from './printers/markdown.ts';
import { toTrace } from './printers/trace.ts';

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

// SPDX-License-Identifier: GPL-2.0-only
/** What `--reporter` chooses from: the name of each printer, its file and what it prints. */
import { either, nearest, UsageError } from '../options_error.ts';
import { toCsv } from './csv.ts';
import { toHtml } from './html/page.ts';
import { toJson } from './json.ts';
import { toJunit } from './junit.ts';
import { toLockStat } from './lock_stat.ts';
import { toMarkdown } from './markdown.ts';
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
} as const satisfies Record<string, Printer>;

export type Reporter = keyof typeof REPORTERS;

const NAMES = Object.keys(REPORTERS) as Reporter[];
export const DEFAULT_REPORTERS: readonly Reporter[] = ['json', 'md', 'lock_stat', 'html'];

const isReporter = (name: string): name is Reporter => Object.hasOwn(REPORTERS, name);

/** @param text - names, with commas between @returns each once @throws UsageError */
export function parseReporters(text: string): Reporter[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) {
    throw new UsageError(
      'missing-value',
      `--reporter takes names with commas between, of ${either(NAMES)}; type for example --reporter md,junit`,
    );
  }
  const unknown = names.find((name) => !isReporter(name));
  if (unknown !== undefined) {
    throw new UsageError(
      'unknown-name',
      `--reporter '${unknown}' is not known; it takes ${either(NAMES)}, ` +
        `type for example --reporter ${nearest(unknown, NAMES, 1).join()}`,
    );
  }
  return [...new Set(names.filter(isReporter))];
}

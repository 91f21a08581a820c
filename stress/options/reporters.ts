// SPDX-License-Identifier: GPL-2.0-only
/** What `--reporter` takes. The printers themselves are loaded when something is printed (reporters.ts). */
import { row } from '../cli/option_table.ts';
import { either, nearest, UsageError } from '../cli/usage_error.ts';

export const REPORTER_NAMES = ['json', 'md', 'lock_stat', 'junit', 'csv', 'trace', 'html'] as const;
export type Reporter = (typeof REPORTER_NAMES)[number];
export const DEFAULT_REPORTERS: readonly Reporter[] = ['json', 'md', 'lock_stat', 'html'];

const isReporter = (name: string): name is Reporter => (REPORTER_NAMES as readonly string[]).includes(name);

/** @param text - names, with commas between @returns each once @throws UsageError */
export function parseReporters(text: string): Reporter[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) {
    throw new UsageError(
      'missing-value',
      `--reporter takes names with commas between, of ${either(REPORTER_NAMES)}; type for example --reporter md,junit`,
    );
  }
  const unknown = names.find((name) => !isReporter(name));
  if (unknown !== undefined) {
    throw new UsageError(
      'unknown-name',
      `--reporter '${unknown}' is not known; it takes ${either(REPORTER_NAMES)}, ` +
        `type for example --reporter ${nearest(unknown, REPORTER_NAMES, 1).join()}`,
    );
  }
  return [...new Set(names.filter(isReporter))];
}

export const REPORTER = {
  ...row('<names>', `reports to write, comma between: ${REPORTER_NAMES.join(', ')}`, parseReporters),
  usual: [...DEFAULT_REPORTERS],
};

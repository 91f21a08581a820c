// SPDX-License-Identifier: GPL-2.0-only
/** The outcomes of a scenario on a build, as jcstress lays them out. */
import type { Expect, ScenarioResult } from '../../result/run_result.ts';
import { count, frequency } from '../../text/layout.ts';
import type { Palette } from '../../text/palette.ts';
import { tableLines } from '../../text/table.ts';

export const OUTCOME_HEAD = ['RESULT', 'SAMPLES', 'FREQ', 'EXPECT', 'DESCRIPTION'] as const;

export interface OutcomeRow {
  readonly result: string;
  readonly samples: string;
  readonly frequency: string;
  /** `Acceptable`, as jcstress writes it. */
  readonly word: string;
  readonly expect: Expect;
  readonly seen: boolean;
  readonly description: string;
}

export function outcomeRows({ outcomes }: ScenarioResult): OutcomeRow[] {
  const all = outcomes.reduce((sum, outcome) => sum + outcome.samples, 0);
  return outcomes.map(({ result, samples, expect, description }) => ({
    result,
    samples: count(samples),
    frequency: frequency(samples, all),
    word: `${expect.charAt(0)}${expect.slice(1).toLowerCase()}`,
    expect,
    seen: samples > 0,
    description,
  }));
}

/** Columns of a result's name at most; the rest of it goes to the next line. */
const RESULT_MAX = 30;
/** What the description gets before the result's name gets more than RESULT_MIN. */
const DESCRIPTION_WANTED = 24;
const RESULT_MIN = 10;
const DESCRIPTION_MIN = 8;
const FREQ_WIDTH = 7;
const INDENT = 2;

const widest = (cells: readonly string[]): number => Math.max(...cells.map((cell) => cell.length));

export function outcomeTable(scenario: ScenarioResult, colors: Palette, width: number): string[] {
  const rows = outcomeRows(scenario);
  const samples = widest([OUTCOME_HEAD[1], ...rows.map((row) => row.samples)]);
  const expect = widest([OUTCOME_HEAD[3], ...rows.map((row) => row.word)]);
  const room = width - INDENT - samples - FREQ_WIDTH - expect - 4 * 2;
  const result = Math.min(
    widest([OUTCOME_HEAD[0], ...rows.map((row) => row.result)]),
    Math.min(RESULT_MAX, Math.max(RESULT_MIN, room - DESCRIPTION_WANTED)),
  );
  return tableLines({
    head: OUTCOME_HEAD,
    rows: rows.map((row) => [
      row.result,
      row.samples,
      row.frequency,
      row.seen ? colors.expect(row.expect)(row.word) : colors.faint(row.word),
      row.description,
    ]),
    align: ['right', 'right', 'right', 'right', 'left'],
    widths: [result, samples, FREQ_WIDTH, expect, Math.max(DESCRIPTION_MIN, room - result)],
    indent: INDENT,
  });
}

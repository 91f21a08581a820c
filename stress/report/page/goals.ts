// SPDX-License-Identifier: GPL-2.0-only
/** Goals: whether what a scenario is about ever happened. A green run in which it did not says nothing. */
import { badge } from '../../html/badges.ts';
import { breakable, html, type Markup, type Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { type Column, table } from '../../html/table.ts';
import { buildText, missedGoals } from '../../result/labels.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { count } from '../../text/layout.ts';

interface GoalRow {
  readonly scenario: ScenarioResult;
  readonly name: string;
  readonly count: number;
  readonly required: boolean;
  readonly missed: boolean;
}

export const goalRows = (scenarios: readonly ScenarioResult[]): GoalRow[] =>
  scenarios.flatMap((scenario) => {
    const missed = missedGoals(scenario);
    return Object.entries(scenario.goals).map(([name, goal]) => ({
      scenario,
      name,
      count: goal.count,
      required: goal.required,
      missed: missed.includes(name),
    }));
  });

function state({ missed, count: times }: GoalRow): Part {
  if (missed) return badge('vacuous', 'odd');
  return times > 0 ? badge('reached', 'good') : html`<span class="faint">never</span>`;
}

const COLUMNS: readonly Column<GoalRow>[] = [
  { head: 'goal', cell: (row) => row.name, align: 'left', heading: true },
  { head: 'times', cell: (row) => count(row.count), value: (row) => row.count },
  { head: 'state', cell: state, align: 'left' },
  { head: 'required', cell: (row) => (row.required ? 'yes' : 'no'), align: 'left' },
];

const WHERE: readonly Column<GoalRow>[] = [
  { head: 'scenario', cell: (row) => breakable(row.scenario.name), align: 'left' },
  { head: 'build', cell: (row) => buildText(row.scenario), align: 'left' },
];

export const goalTable = (id: string, caption: string, rows: readonly GoalRow[], where: boolean): Markup =>
  table({ id, caption, rows, columns: where ? [...COLUMNS, ...WHERE] : COLUMNS });

export function goals({ scenarios }: RunResult): Section {
  const rows = goalRows(scenarios).sort((a, b) => Number(b.missed) - Number(a.missed));
  return {
    id: 'goals',
    title: 'Goals',
    lead: 'What a scenario is about must have happened for its silence to mean something.',
    body:
      rows.length === 0
        ? absent('No scenario of this run has goals.')
        : goalTable('all-goals', 'How often each goal was reached; a required one at 0 is vacuous.', rows, true),
  };
}

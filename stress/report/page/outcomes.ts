// SPDX-License-Identifier: GPL-2.0-only
/**
 * How each scenario did on each build: a grid of scenario by build, and below it every outcome that was counted.
 */
import { expectBadge, labelBadge } from '../../html/badges.ts';
import { breakable, html, type Markup, type Part } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { buildText, labelOf, missedGoals } from '../../result/labels.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { count, plural, span } from '../../text/layout.ts';
import { OUTCOME_HEAD, type OutcomeRow, outcomeRows } from '../parts/outcome_table.ts';
import { goalRows, goalTable } from './goals.ts';

interface Case {
  readonly scenario: ScenarioResult;
  readonly id: string;
}

/** What a case came to, in a few words. */
function summary({ rounds, findings, firstFindingMs }: ScenarioResult): string {
  if (rounds === 0) return 'no round';
  const noun = findings.every(({ known }) => known !== null) ? 'known finding' : 'finding';
  const found = findings.length === 0 ? '' : `, ${plural(findings.length, noun)}`;
  const first = firstFindingMs === null ? '' : `, first after ${span(firstFindingMs)}`;
  return `${plural(rounds, 'round')}${found}${first}`;
}

const slugsOf = ({ build: { reverted, applied = [] } }: ScenarioResult): string => [...reverted, ...applied].join(', ');
const isV317 = (scenario: ScenarioResult): boolean => slugsOf(scenario) === '';

const tile = ({ scenario, id }: Case): Markup =>
  html`<a class="tile" href="#${id}">${labelBadge(labelOf(scenario))}${
    isV317(scenario) ? null : html` <span class="slug">${breakable(slugsOf(scenario))}</span>`
  }<span class="what">${summary(scenario)}</span></a>`;

function grid(cases: readonly Case[]): Markup {
  const names = [...new Set(cases.map(({ scenario }) => scenario.name))];
  const of = (name: string, v317: boolean): Part => {
    const some = cases.filter(({ scenario }) => scenario.name === name && isV317(scenario) === v317);
    return some.length === 0 ? html`<span class="faint">not in this run</span>` : some.map(tile);
  };
  return table({
    id: 'grid',
    className: 'grid',
    caption: 'Scenario by build. A build that lacks a fix must show its race, any other must not.',
    rows: names,
    columns: [
      { head: 'scenario', cell: (name) => breakable(name), align: 'left', heading: true },
      { head: 'patched', cell: (name) => of(name, true), align: 'left' },
      { head: 'with a fix reverted or applied', cell: (name) => of(name, false), align: 'left' },
    ],
  });
}

const outcomeTable = ({ scenario, id }: Case): Markup =>
  table<OutcomeRow>({
    id: `${id}-outcomes`,
    caption: 'Outcomes',
    rows: outcomeRows(scenario),
    columns: [
      { head: OUTCOME_HEAD[0].toLowerCase(), cell: (row) => row.result, align: 'left', heading: true },
      { head: OUTCOME_HEAD[1].toLowerCase(), cell: (row) => row.samples },
      { head: OUTCOME_HEAD[2].toLowerCase(), cell: (row) => row.frequency },
      {
        head: OUTCOME_HEAD[3].toLowerCase(),
        cell: (row) => expectBadge(row.expect, row.word, row.seen),
        align: 'left',
      },
      { head: OUTCOME_HEAD[4].toLowerCase(), cell: (row) => row.description, align: 'left' },
    ],
  });

function caseDetails(one: Case): Markup {
  const { scenario, id } = one;
  const missed = missedGoals(scenario);
  const goals = goalRows([scenario]);
  const operations = Object.entries(scenario.operations);
  return html`<details class="case" id="${id}">
<summary>${labelBadge(labelOf(scenario))} <b>${breakable(scenario.name)}</b>
<span class="faint">${buildText(scenario)}</span></summary>
<p>${scenario.description}: ${summary(scenario)} in ${span(scenario.elapsedMs)}.</p>
${missed.length === 0 ? null : html`<p class="note">Vacuous: never happened: ${missed.join(', ')}.</p>`}
${scenario.outcomes.length === 0 ? absent('No outcome was counted.') : outcomeTable(one)}
${goals.length === 0 ? null : goalTable(`${id}-goals`, 'Goals', goals, false)}
${
  operations.length === 0
    ? null
    : html`<p class="faint">Operations: ${operations.map(([name, n]) => `${name} ${count(n)}`).join(', ')}.</p>`
}
</details>`;
}

export function outcomes({ scenarios }: RunResult): Section {
  const cases = scenarios.map((scenario, i) => ({ scenario, id: `case-${i}` }));
  return {
    id: 'outcomes',
    title: 'Outcomes',
    body:
      cases.length === 0
        ? absent('No scenario was run.')
        : html`${grid(cases)}<h3>What was counted</h3>${cases.map(caseDetails)}`,
  };
}

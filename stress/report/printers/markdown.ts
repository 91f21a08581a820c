// SPDX-License-Identifier: GPL-2.0-only
/**
 * report.md: for a CI step's summary.
 *
 * Always below 64 KB: a summary above its limit is not cut but refused. What does not fit is left out whole, and
 * counted.
 */
import { buildText, labelOf, missedGoals, worstFirst } from '../../result/labels.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { clip, count, plural, short, span } from '../../text/layout.ts';
import { codeBlock, escaped, markdownTable } from '../../text/markdown.ts';
import { palette } from '../../text/palette.ts';
import type { Column } from '../../text/table.ts';
import { CONTENTION_COLUMNS, mostContended } from '../parts/contention_table.ts';
import { contrastsOf } from '../parts/contrast.ts';
import { DETECTION_COLUMNS, detectionsOf } from '../parts/detection_text.ts';
import { latencyColumns } from '../parts/latency_table.ts';
import { LOCK_SITE_COLUMNS, LOCK_TIME_COLUMNS } from '../parts/lock_times.ts';
import { measuredTitle } from '../parts/measured.ts';
import { MERGED_COLUMNS } from '../parts/merged_table.ts';
import { OUTCOME_HEAD, outcomeRows } from '../parts/outcome_table.ts';
import { againCommand, environmentPairs, parameterPairs, verdictLine } from '../parts/parameters.ts';
import { schedulesLine } from '../parts/schedules_text.ts';
import { findingTitle, splat } from '../parts/splat.ts';
import { notJudged, thresholdWord } from '../parts/threshold_text.ts';
import { worthSentences } from '../parts/worth.ts';

const BYTES_MAX = 64 * 1024 - 1;
/** For the two lines that say what was left out. */
const NOTES_BYTES = 400;
const SPLAT_WIDTH = 110;
const NO_COLORS = palette(false);

const bytesOf = (text: string): number => Buffer.byteLength(text) + 2;

/** @param left - columns of text, which come first; the others are figures */
const columnTable = <T>(columns: readonly Pick<Column<T>, 'head' | 'cell'>[], rows: readonly T[], left = 1): string =>
  markdownTable(
    columns.map((column) => column.head.replace('-\n', '-').replace('\n', ' ')),
    rows.map((row) => columns.map((column) => column.cell(row))),
    columns.map((_, i) => (i < left ? 'left' : 'right')),
  );

function head(result: RunResult): string {
  const { verdict, exitCode, reason } = result;
  return [
    `## kioctx stress: ${verdict.toUpperCase()} (exit ${exitCode})`,
    escaped(clip(reason, 1000)),
    codeBlock([clip(againCommand(result), 4000)], 'sh'),
  ].join('\n\n');
}

const summary = (scenarios: readonly ScenarioResult[]): string =>
  markdownTable(
    ['scenario', 'build', 'result', 'rounds', 'findings', 'first after'],
    scenarios.map((scenario) => [
      scenario.name,
      buildText(scenario),
      labelOf(scenario),
      count(scenario.rounds),
      count(scenario.findings.length),
      scenario.firstFindingMs === null ? '' : span(scenario.firstFindingMs),
    ]),
    ['left', 'left', 'left', 'right', 'right', 'right'],
  );

function outcomes(scenario: ScenarioResult): string {
  const missed = missedGoals(scenario);
  const goals = Object.entries(scenario.goals).map(([name, goal]) => `${name} ${count(goal.count)}`);
  const table = markdownTable(
    OUTCOME_HEAD,
    outcomeRows(scenario).map((row) => [row.result, row.samples, row.frequency, row.word, row.description]),
    ['right', 'right', 'right', 'right', 'left'],
  );
  return [
    `#### [${labelOf(scenario)}] ${escaped(scenario.name)} (${escaped(buildText(scenario))})`,
    table,
    ...(scenario.schedules === undefined ? [] : [escaped(`${schedulesLine(scenario.schedules)}.`)]),
    ...(goals.length > 0 ? [`Goals: ${escaped(goals.join(', '))}.`] : []),
    ...(missed.length > 0 ? [`**VACUOUS**: never happened: ${escaped(missed.join(', '))}.`] : []),
  ].join('\n\n');
}

/** A text that is made when there may be room for it. */
type Section = () => string;

/** Every finding, the worst of each scenario before the second of any. */
function findings(scenarios: readonly ScenarioResult[]): Section[] {
  return scenarios
    .flatMap((scenario) => worstFirst(scenario.findings).map((finding, place) => ({ scenario, finding, place })))
    .sort((a, b) => a.place - b.place)
    .map(({ scenario, finding }) => () => {
      const title = `${finding.kind}: ${findingTitle(finding)}, ${scenario.name} (${buildText(scenario)})`;
      const block = codeBlock(splat(scenario, finding, NO_COLORS, SPLAT_WIDTH), 'text');
      return `<details><summary>${escaped(title)}</summary>\n\n${block}\n\n</details>`;
    });
}

/** After so many refusals in a row no further section is made only to be refused. */
const REFUSALS_MAX = 16;

/** Takes sections until the room is used up; a later one that is small enough still gets in. */
class Room {
  private left: number;
  refused = 0;

  constructor(bytes: number) {
    this.left = bytes;
  }

  take(sections: readonly (string | Section)[]): string[] {
    let inRow = 0;
    return sections.flatMap((section) => {
      const text = inRow > REFUSALS_MAX ? null : typeof section === 'string' ? section : section();
      if (text !== null && bytesOf(text) <= this.left) {
        this.left -= bytesOf(text);
        inRow = 0;
        return [text];
      }
      inRow++;
      this.refused++;
      return [];
    });
  }
}

/** A heading and what stands below it. */
const part = (title: string, ...paragraphs: readonly string[]): string => [`### ${title}`, ...paragraphs].join('\n\n');

function thresholds(result: RunResult): string[] {
  const rows = [
    ...result.thresholds.map((one) => [one.expression, one.text, thresholdWord(one)]),
    ...notJudged(result).map((expression) => [expression, '', 'NOT JUDGED: the run was cut short']),
  ];
  return rows.length === 0 ? [] : [part('Thresholds', markdownTable(['threshold', 'measured', 'result'], rows, []))];
}

function detections({ scenarios }: RunResult): string[] {
  const rows = detectionsOf(scenarios);
  return rows.length === 0 ? [] : [part('Time to detection', columnTable(DETECTION_COLUMNS, rows, 2))];
}

function figures(result: RunResult): string[] {
  const { locks, latency } = result;
  const most = mostContended(locks);
  const measured = (title: string, table: string): string => part(measuredTitle(title, result), table);
  const contended = most.filter((lock) => lock.waiters.length + lock.holders.length > 0);
  return [
    ...(most.length === 0 ? [] : [measured('Lock contention', columnTable(CONTENTION_COLUMNS, most))]),
    ...(contended.length === 0
      ? []
      : [part('Where locks were waited for', columnTable(LOCK_SITE_COLUMNS, contended, 3))]),
    ...(most.length === 0 ? [] : [part('Wait and hold times', columnTable(LOCK_TIME_COLUMNS, most))]),
    ...(Object.keys(latency).length === 0
      ? []
      : [measured('System call latency', columnTable(latencyColumns('syscall'), Object.entries(latency)))]),
    ...contrastsOf(result.scenarios).map(({ call, scenario, latency: times, text }) =>
      part(
        `${call}() with and without the fix, ${scenario}`,
        columnTable(latencyColumns('build'), Object.entries(times)),
        escaped(text),
      ),
    ),
  ];
}

export function toMarkdown(result: RunResult): string {
  const { scenarios, merged, throughput } = result;
  const first = head(result);
  const last = codeBlock([clip(verdictLine(result), 1200)], 'text');
  const room = new Room(BYTES_MAX - NOTES_BYTES - bytesOf(first) - bytesOf(last));

  const before = room.take([
    summary(scenarios),
    `${measuredTitle('Throughput', result)}: ${short(throughput.eventsPerSecond)} events/s, ` +
      `${plural(throughput.events, 'event')} reaped.`,
    ...thresholds(result),
  ]);
  const after = room.take([
    part('What this is worth', ...worthSentences(result).map(escaped)),
    ...detections(result),
    ...figures(result),
    part('Run', markdownTable(['', ''], [...parameterPairs(result), ...environmentPairs(result)], [])),
    ...(merged.length === 0 ? [] : [part('Merged from', columnTable(MERGED_COLUMNS, merged, MERGED_COLUMNS.length))]),
  ]);
  const tables = room.take(['### Outcomes', ...scenarios.map(outcomes)]);
  const sectionsRefused = room.refused;
  const all = findings(scenarios);
  const shown = room.take(['### Findings', ...(all.length > 0 ? all : ['None.'])]);
  const findingsRefused = room.refused - sectionsRefused;

  const notes = [
    ...(findingsRefused > 0
      ? [`${plural(findingsRefused, 'finding')} left out to keep this below 64 KB; report.json has all of them.`]
      : []),
    ...(sectionsRefused > 0
      ? [`${plural(sectionsRefused, 'section')} left out to keep this below 64 KB; report.json has everything.`]
      : []),
  ];
  return `${[first, ...before, ...tables, ...shown, ...notes, ...after, last].join('\n\n')}\n`;
}

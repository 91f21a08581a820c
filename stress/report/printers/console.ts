// SPDX-License-Identifier: GPL-2.0-only
/**
 * The final block on a terminal, from what was run to the verdict.
 *
 * Every line keeps within the width but the last: it is for a script, which reads one line.
 */
import { buildText, labelOf, missedGoals, worstFirst } from '../../result/labels.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { clip, command, count, plural, short, span, wrap } from '../../text/layout.ts';
import { type Palette, palette } from '../../text/palette.ts';
import { tableLines } from '../../text/table.ts';
import { contentionTable } from '../parts/contention_table.ts';
import { type Contrast, contrastsOf } from '../parts/contrast.ts';
import { detectionLine } from '../parts/detection_text.ts';
import { latencyTable } from '../parts/latency_table.ts';
import { measuredTitle } from '../parts/measured.ts';
import { MERGED_COLUMNS } from '../parts/merged_table.ts';
import { outcomeTable } from '../parts/outcome_table.ts';
import { againCommand, environmentPairs, parameterPairs, verdictLine } from '../parts/parameters.ts';
import { schedulesLine } from '../parts/schedules_text.ts';
import { findingLine, splat } from '../parts/splat.ts';
import { notJudged, thresholdText, thresholdWord } from '../parts/threshold_text.ts';
import { worthSentences } from '../parts/worth.ts';

export interface ConsoleOptions {
  readonly color: boolean;
  readonly width: number;
}

/** Narrower, the tables fall apart. */
const WIDTH_MIN = 60;
/** Findings of one scenario on one build that are printed in full. */
const SPLATS_MAX = 3;
/** The table of merged runs takes all of its columns from this width on. */
const MERGED_WIDTH = 100;

interface Page {
  readonly colors: Palette;
  readonly width: number;
}

const heading = ({ colors, width }: Page, title: string): string[] => [
  '',
  colors.strong(`-- ${title} ${'-'.repeat(Math.max(2, width - title.length - 4))}`),
];

const pairs = (page: Page, list: readonly (readonly [string, string])[]): string[] =>
  list.flatMap(([name, value]) => wrap(value, page.width, `${name.padStart(14)}  `, ' '.repeat(16)));

function labelLine({ colors, width }: Page, scenario: ScenarioResult): string[] {
  const label = labelOf(scenario);
  const tag = `[${label}]`;
  return wrap(`${tag} ${scenario.name} (${buildText(scenario)})`, width, '', '    ').map((line, i) =>
    i === 0 ? colors.label(label)(tag) + colors.strong(line.slice(tag.length)) : line,
  );
}

function goalLines({ colors, width }: Page, scenario: ScenarioResult): string[] {
  return Object.entries(scenario.goals).flatMap(([name, goal]) => {
    const missed = missedGoals(scenario).includes(name);
    const text = `${name}: ${count(goal.count)}${goal.required ? '' : ' (wanted)'}`;
    if (!missed) return wrap(text, width, '  goal ', '       ');
    return wrap(`${text}, VACUOUS: what this is about never happened`, width, '  goal ', '       ').map(colors.odd);
  });
}

function scenarioBlock(page: Page, scenario: ScenarioResult): string[] {
  const { description, rounds, elapsedMs, expectsFinding, firstFindingMs, detection, operations, outcomes } = scenario;
  const { schedules } = scenario;
  const done = Object.entries(operations).map(([name, n]) => `${name} ${count(n)}`);
  const ran = [`${plural(rounds, 'round')} in ${span(elapsedMs)}`];
  if (expectsFinding) {
    ran.push(firstFindingMs === null ? 'did not show its race' : `showed its race after ${span(firstFindingMs)}`);
  }
  const detected = detection === null || detection.detected === 0 ? [] : [`it shows ${detectionLine(detection)}`];
  return [
    '',
    ...labelLine(page, scenario),
    ...wrap(description, page.width, '  '),
    ...wrap(ran.join(', '), page.width, '  '),
    ...(schedules === undefined ? [] : wrap(schedulesLine(schedules), page.width, '  ', '      ')),
    ...detected.flatMap((line) => wrap(line, page.width, '  ', '      ')),
    ...(done.length > 0 ? wrap(`operations: ${done.join(', ')}`, page.width, '  ', '      ') : []),
    ...(outcomes.length > 0 ? outcomeTable(scenario, page.colors, page.width) : []),
    ...goalLines(page, scenario),
  ];
}

function findingsBlock(page: Page, scenario: ScenarioResult): string[] {
  const findings = worstFirst(scenario.findings);
  if (findings.length === 0) return [];
  const lines = ['', ...labelLine(page, scenario)];
  for (const finding of findings.slice(0, SPLATS_MAX)) {
    lines.push(...splat(scenario, finding, page.colors, page.width), '');
  }
  for (const finding of findings.slice(SPLATS_MAX))
    lines.push(...wrap(findingLine(finding), page.width, '  + ', '    '));
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function thresholdBlock(page: Page, result: RunResult): string[] {
  const { colors, width } = page;
  const lines = result.thresholds.flatMap((threshold) => {
    const word = thresholdWord(threshold);
    const paint = threshold.met ? colors.good : colors.bad;
    return wrap(thresholdText(threshold), width, `${`[${word}]`.padEnd(8)} `, '         ').map((line, i) =>
      i === 0 ? line.replace(`[${word}]`, paint) : line,
    );
  });
  for (const expression of notJudged(result)) {
    lines.push(...wrap(`[NOT JUDGED] ${expression}: the run was cut short`, width, '', '         '));
  }
  return lines.length === 0 ? [] : [...heading(page, 'Thresholds'), ...lines];
}

function contrastBlock(page: Page, { call, scenario, latency, text }: Contrast): string[] {
  const table = latencyTable(latency, page.width, 'build');
  return [...heading(page, `${call}() with and without the fix, ${scenario}`), ...table, ...wrap(text, page.width)];
}

function mergedBlock(page: Page, { merged }: RunResult): string[] {
  if (merged.length === 0) return [];
  // on a narrow terminal the name of a machine is what can be missed
  const columns = page.width >= MERGED_WIDTH ? MERGED_COLUMNS : MERGED_COLUMNS.slice(0, -1);
  const table = tableLines({
    head: columns.map((column) => column.head),
    rows: merged.map((run) => columns.map((column) => column.cell(run))),
    align: columns.map(() => 'left'),
    rule: true,
  });
  return [...heading(page, 'Merged from'), ...table.map((line) => clip(line, page.width))];
}

export function toConsole(result: RunResult, { color, width }: ConsoleOptions): string {
  const page: Page = { colors: palette(color), width: Math.max(WIDTH_MIN, width) };
  const { colors } = page;
  const { throughput, locks, latency, scenarios, exitCode } = result;
  const again = command(againCommand(result), page.width);
  const findings = scenarios.flatMap((scenario) => findingsBlock(page, scenario));
  const measured = (title: string): string[] => heading(page, measuredTitle(title, result));
  const verdict = exitCode === 0 ? colors.good : colors.bad;
  const lines = [
    ...again,
    ...heading(page, 'Run'),
    ...pairs(page, parameterPairs(result)),
    ...pairs(page, environmentPairs(result)),
    ...mergedBlock(page, result),
    ...heading(page, 'Outcomes'),
    ...scenarios.flatMap((scenario) => scenarioBlock(page, scenario)),
    ...thresholdBlock(page, result),
    ...(locks.length > 0 ? [...measured('Lock contention'), ...contentionTable(locks, page.width)] : []),
    ...(Object.keys(latency).length > 0
      ? [...measured('System call latency'), ...latencyTable(latency, page.width)]
      : []),
    ...contrastsOf(scenarios).flatMap((contrast) => contrastBlock(page, contrast)),
    ...measured('Throughput'),
    `${short(throughput.eventsPerSecond)} events/s, ${plural(throughput.events, 'event')} reaped`,
    ...heading(page, 'Findings'),
    ...(findings.length > 0 ? findings : ['none']),
    ...heading(page, 'What this is worth'),
    ...worthSentences(result).flatMap((sentence) => wrap(sentence, page.width)),
    ...heading(page, 'Again'),
    ...again,
    '',
    verdict(verdictLine(result)),
  ];
  return `${lines.join('\n')}\n`;
}

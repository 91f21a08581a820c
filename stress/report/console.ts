// SPDX-License-Identifier: GPL-2.0-only
/**
 * The final block on a terminal, from what was run to the verdict.
 *
 * Every line keeps within the width but the last: it is for a script, which reads one line.
 */
import { contentionTable } from './contention_table.ts';
import { buildText, labelOf, missedGoals, worstFirst } from './grade.ts';
import { latencyTable } from './latency_table.ts';
import { outcomeTable } from './outcome_table.ts';
import { type Palette, palette } from './palette.ts';
import { againCommand, environmentPairs, parameterPairs, verdictLine } from './parameters.ts';
import type { RunResult, ScenarioResult } from './result.ts';
import { findingLine, splat } from './splat.ts';
import { command, count, plural, short, span, wrap } from './text.ts';
import { worthSentences } from './worth.ts';

export interface ConsoleOptions {
  readonly color: boolean;
  readonly width: number;
}

/** Narrower, the tables fall apart. */
const WIDTH_MIN = 60;
/** Findings of one scenario on one build that are printed in full. */
const SPLATS_MAX = 3;

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
  const { description, rounds, elapsedMs, expectsFinding, firstFindingMs, operations, outcomes } = scenario;
  const done = Object.entries(operations).map(([name, n]) => `${name} ${count(n)}`);
  const ran = [`${plural(rounds, 'round')} in ${span(elapsedMs)}`];
  if (expectsFinding) {
    ran.push(firstFindingMs === null ? 'did not show its race' : `showed its race after ${span(firstFindingMs)}`);
  }
  return [
    '',
    ...labelLine(page, scenario),
    ...wrap(description, page.width, '  '),
    ...wrap(ran.join(', '), page.width, '  '),
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

export function toConsole(result: RunResult, { color, width }: ConsoleOptions): string {
  const page: Page = { colors: palette(color), width: Math.max(WIDTH_MIN, width) };
  const { colors } = page;
  const { throughput, locks, latency, scenarios, exitCode } = result;
  const again = command(againCommand(result), page.width);
  const findings = scenarios.flatMap((scenario) => findingsBlock(page, scenario));
  const verdict = exitCode === 0 ? colors.good : colors.bad;
  const lines = [
    ...again,
    ...heading(page, 'Run'),
    ...pairs(page, parameterPairs(result)),
    ...pairs(page, environmentPairs(result)),
    ...heading(page, 'Outcomes'),
    ...scenarios.flatMap((scenario) => scenarioBlock(page, scenario)),
    ...(locks.length > 0 ? [...heading(page, 'Lock contention'), ...contentionTable(locks, page.width)] : []),
    ...(Object.keys(latency).length > 0
      ? [...heading(page, 'System call latency'), ...latencyTable(latency, page.width)]
      : []),
    ...heading(page, 'Throughput'),
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

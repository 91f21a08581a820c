// SPDX-License-Identifier: GPL-2.0-only
/**
 * Annotations for GitHub Actions: lines on stdout that it shows beside the source and at the head of a job.
 *
 * It shows ten of a step and drops the others without a word, so ten at most are written, the worst first, and the last
 * of them says how many are missing.
 */
import { buildText, labelOf, missedGoals, worstFirst } from '../../result/labels.ts';
import type { Finding, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { plural } from '../../text/layout.ts';
import { findingCounts, findingTitle } from '../parts/splat.ts';
import { thresholdText } from '../parts/threshold_text.ts';

const ANNOTATIONS_MAX = 10;

interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  readonly place?: { readonly file: string; readonly line: string } | null;
}

const escapeMessage = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const escapeProperty = (text: string): string => escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** The innermost frame that is in the sources. */
function placeOf({ stack }: Finding): { file: string; line: string } | null {
  for (const frame of stack) {
    const [, file, line] = /\(((?:src|workers|stress)\/[^:()]+\.ts):(\d+)\)$/.exec(frame) ?? [];
    if (file !== undefined && line !== undefined) return { file, line };
  }
  return null;
}

const where = (scenario: ScenarioResult): string => `${scenario.name} (${buildText(scenario)})`;

function ofFindings(scenario: ScenarioResult): Annotation[] {
  return worstFirst(scenario.findings)
    .filter(({ known, expected }) => known === null && !expected)
    .map((finding) => ({
      level: 'error',
      title: `${finding.kind} in ${scenario.name}`,
      message: [
        `${findingTitle(finding)}, ${where(scenario)}, ${findingCounts(finding)}`,
        ...finding.text.slice(0, 4),
      ].join('\n'),
      place: placeOf(finding),
    }));
}

function ofLabel(scenario: ScenarioResult): Annotation[] {
  const label = labelOf(scenario);
  if (label === 'NOT SURFACED') {
    return [{ level: 'warning', title: label, message: `${where(scenario)} did not show its race: give it more time` }];
  }
  if (label !== 'VACUOUS') return [];
  return [
    {
      level: 'warning',
      title: label,
      message: `${where(scenario)}: never happened: ${missedGoals(scenario).join(', ')}`,
    },
  ];
}

/** Those of every scenario, the first of each before the second of any. */
function inTurn(lists: readonly (readonly Annotation[])[]): Annotation[] {
  return lists
    .flatMap((list) => list.map((annotation, place) => ({ annotation, place })))
    .sort((a, b) => a.place - b.place)
    .map(({ annotation }) => annotation);
}

function all(result: RunResult): Annotation[] {
  const { scenarios, thresholds, verdict, reason } = result;
  const broken = thresholds.filter(({ met }) => !met);
  return [
    ...(verdict === 'harness' ? [{ level: 'error' as const, title: 'the harness failed', message: reason }] : []),
    ...inTurn(scenarios.map(ofFindings)),
    ...broken.map((threshold) => ({
      level: 'error' as const,
      title: 'threshold broken',
      message: thresholdText(threshold),
    })),
    ...inTurn(scenarios.map(ofLabel)),
  ];
}

function line({ level, title, message, place }: Annotation): string {
  const properties = Object.entries({ ...place, title }).map(([name, value]) => `${name}=${escapeProperty(value)}`);
  return `::${level} ${properties.join(',')}::${escapeMessage(message)}`;
}

/** @returns lines, the worst first */
export function annotations(result: RunResult): string[] {
  const found = all(result);
  if (found.length <= ANNOTATIONS_MAX) return found.map(line);
  const shown = found.slice(0, ANNOTATIONS_MAX - 1);
  const missing = plural(found.length - shown.length, 'annotation');
  return [
    ...shown,
    { level: 'notice', title: 'more', message: `${missing} left out; report.md has them` } as const,
  ].map(line);
}

/** Writes the annotations where GitHub Actions reads them, and nothing anywhere else. */
export function annotate(result: RunResult, env: NodeJS.ProcessEnv, write: (text: string) => unknown): void {
  if (env['GITHUB_ACTIONS'] !== 'true') return;
  for (const text of annotations(result)) write(`${text}\n`);
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * junit.xml: the run for what reads JUnit's XML: a suite for each build, a case for each scenario.
 *
 * A CI system follows a case over runs by its name, so a name holds no seed, time or option; those are properties of
 * the suite. A forbidden finding or a hang is a failure; what proves nothing either way is an error of the type
 * `inconclusive`; what did not run is skipped. The suite `run` makes sure that a run which did not pass is never all
 * green here, and `thresholds` has a case for each.
 */
import { stripVTControlCharacters } from 'node:util';
import module, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder';
import { buildText, labelOf, missedGoals } from '../../result/labels.ts';
import type { Run, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { span } from '../../text/layout.ts';
import { palette } from '../../text/palette.ts';
import { type FindingFile, findingFiles } from '../parts/finding_files.ts';
import { environmentPairs, parameterPairs } from '../parts/parameters.ts';
import { findingLine, findingTitle, splat } from '../parts/splat.ts';
import { notJudged, thresholdText } from '../parts/threshold_text.ts';

/** The library's types speak of a default export; what it exports is the builder. */
const builder = module as unknown as Builder;

const TEXT_BYTES = 64 * 1024;
const WIDTH = 110;
const NO_COLORS = palette(false);

/** Characters that XML 1.0 has no way to write. */
const NOT_XML = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const clean = (text: string): string => stripVTControlCharacters(text).replace(NOT_XML, '');

/** For a CDATA section, of which the library lets a second `]]>` end it. */
const section = (text: string): string => clean(text).replaceAll(']]>', ']] >');

/** A text for the file, at most 64 KB of it. @param path - file of the run that has all of it */
function capped(text: string, path: string): string {
  const bytes = Buffer.from(section(text));
  if (bytes.length <= TEXT_BYTES) return bytes.toString();
  const note = `\n… cut at 64 KB, all of it is in ${path}`;
  // a character that the cut went through becomes a replacement character, which is taken off
  const kept = bytes.subarray(0, TEXT_BYTES - Buffer.byteLength(note)).toString();
  return `${kept.replace(/\u{fffd}$/u, '')}${note}`;
}

/** Of the package that a CI system files the cases under. */
const classOf = ({ build }: ScenarioResult): string =>
  build.reverted.length === 0 ? 'stress.patched' : `stress.reverted.${build.reverted.join('-')}`;

const isUnexpected = ({ finding }: FindingFile): boolean => finding.known === null && !finding.expected;

function fail(test: TestCase, scenario: ScenarioResult, files: readonly FindingFile[]): void {
  const [worst] = files;
  if (worst === undefined) {
    const bad = scenario.outcomes.filter(
      ({ expect, samples }) => samples > 0 && (expect === 'UNKNOWN' || expect === 'FORBIDDEN'),
    );
    const names = bad.map(({ result, expect }) => `${result} (${expect.toLowerCase()})`).join(', ');
    test.failure(clean(`came out and should not: ${names}`), 'outcome');
    return;
  }
  const { kind } = worst.finding;
  test.failure(clean(`${kind}: ${findingTitle(worst.finding)}`), clean(kind));
  const text = files.flatMap(({ finding, path }) => [...splat(scenario, finding, NO_COLORS, WIDTH), path, '']);
  test.stacktrace(capped(text.join('\n'), worst.path));
}

const moreTime = ({ parameters }: RunResult, { name }: ScenarioResult): string =>
  `Give it more time, for example: npm run stress -- --scenario ${name} --threads ${parameters.threads} ` +
  `--duration ${Math.max(60, Math.ceil((2 * parameters.durationMs) / 1000))}s`;

function grade(test: TestCase, result: RunResult, scenario: ScenarioResult, files: readonly FindingFile[]): void {
  switch (labelOf(scenario)) {
    case 'FAILED':
      fail(test, scenario, files.filter(isUnexpected));
      return;
    case 'NOT SURFACED':
      test.error('the race did not show', 'inconclusive', section(moreTime(result, scenario)));
      return;
    case 'VACUOUS': {
      const missed = missedGoals(scenario).join(', ');
      test.error(clean(`never happened: ${missed}`), 'inconclusive', section(moreTime(result, scenario)));
      return;
    }
    case 'NOT RUN':
      test.skipped();
      return;
    default:
  }
}

function outputOf(scenario: ScenarioResult, files: readonly FindingFile[]): string {
  if (scenario.rounds === 0) return 'there was no time for a round';
  const { firstFindingMs } = scenario;
  return [
    ...(firstFindingMs === null ? [] : [`showed its race after ${span(firstFindingMs)}`]),
    ...files.filter((file) => !isUnexpected(file)).flatMap(({ finding, path }) => [findingLine(finding), path]),
  ].join('\n');
}

const seconds = (ms: number): number => Math.round(ms) / 1000;

function suite(junit: Builder, result: RunResult, name: string): TestSuite {
  const made = junit.testSuite().name(clean(name)).timestamp(result.startedAt.slice(0, 19));
  for (const [key, value] of [...parameterPairs(result), ...environmentPairs(result)]) made.property(key, clean(value));
  return made;
}

function scenarioCases(made: TestSuite, result: RunResult, scenarios: readonly ScenarioResult[]): void {
  const files = findingFiles(result);
  for (const scenario of scenarios) {
    const own = files.filter((file) => file.scenario === scenario);
    const test = made
      .testCase()
      .className(clean(classOf(scenario)))
      .name(clean(scenario.name));
    test.time(seconds(scenario.elapsedMs));
    grade(test, result, scenario, own);
    const output = outputOf(scenario, own);
    if (output !== '') test.standardOutput(capped(output, 'report.md'));
  }
}

function thresholdCases(made: TestSuite, result: RunResult): void {
  const add = (name: string): TestCase => made.testCase().className('stress.thresholds').name(clean(name)).time(0);
  for (const threshold of result.thresholds) {
    const test = add(threshold.expression);
    if (threshold.met) test.standardOutput(section(thresholdText(threshold)));
    else test.failure(clean(thresholdText(threshold)), 'threshold');
  }
  for (const expression of notJudged(result)) {
    add(expression).skipped().standardOutput('not judged: the run was cut short');
  }
}

/** @param shown - whether something above is not green already */
function runCase(made: TestSuite, { verdict, exitCode, reason, elapsedMs }: RunResult, shown: boolean): void {
  const test = made.testCase().className('stress.run').name('verdict').time(seconds(elapsedMs));
  if (exitCode === 0 || (shown && verdict !== 'harness')) test.standardOutput(section(`${verdict}: ${reason}`));
  else test.error(clean(`${verdict}: ${reason.split('\n')[0]}`), verdict, capped(reason, 'events.ndjson'));
}

export function toJunit({ result }: Run): string {
  const junit = builder.newBuilder().name('kioctx stress');
  const builds = new Map<string, ScenarioResult[]>();
  for (const scenario of result.scenarios) {
    const name = buildText(scenario);
    builds.set(name, [...(builds.get(name) ?? []), scenario]);
  }
  const suites = [...builds].map(([name, scenarios]) => {
    const made = suite(junit, result, name).time(seconds(scenarios.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)));
    scenarioCases(made, result, scenarios);
    return made;
  });
  if (result.parameters.thresholds.length > 0) {
    const made = suite(junit, result, 'thresholds').time(0);
    thresholdCases(made, result);
    suites.push(made);
  }
  const shown = suites.some((made) => made.getFailureCount() + made.getErrorCount() > 0);
  runCase(suite(junit, result, 'run').time(seconds(result.elapsedMs)), result, shown);
  return `${junit.build()}\n`;
}

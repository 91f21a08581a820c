// SPDX-License-Identifier: GPL-2.0-only
/** What makes a run pass, fail, hang, or mean nothing; and what a bug that v3.17 has does to it. */
import { expect, test } from 'vitest';
import type { FindingKind, OopsRecord } from '../../src/kernel/oops.ts';
import { type Build, inV317, SLUGS, type Slug } from '../../src/reverts/registry.ts';
import type { Options } from '../options/options.ts';
import { parseOptions } from '../options/parse.test-data.ts';
import { VERDICTS } from '../result/run_result.ts';
import { caseRecord, chooseCases } from '../round/case.ts';
import { KNOWN, SCENARIOS } from '../scenarios/index.ts';
import { classify } from '../scenarios/known.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { CaseFold } from './case_fold.ts';
import { grade } from './verdict.ts';

const scenario = SCENARIOS.find(({ name }) => name === 'buffer_written_after_destroy') as Scenario;
const goals = { 'destroyed with requests in flight': 5 };

const record = (kind: FindingKind, title = 'it broke', where = 'there'): OopsRecord => ({
  kind,
  title,
  where,
  cpu: 1,
  role: 'destroyer',
  us: 1000,
  text: [],
  objects: [],
  address: null,
  stack: [],
  cpus: [],
});

interface Round {
  readonly records: readonly OopsRecord[];
  readonly operations: Readonly<Record<string, number>>;
}
const round = (records: readonly OopsRecord[], operations: Readonly<Record<string, number>> = goals): Round => ({
  records,
  operations,
});
function filled(reverted: readonly Slug[], rounds: readonly Round[]): CaseFold {
  const fold = new CaseFold(caseRecord({ scenario, reverted, roles: [] }));
  rounds.forEach(({ records, operations }, i) => {
    for (const one of records)
      fold.find({ record: one, ranMs: 20, ...classify(one, { reverted }, operations) }, 100 * i);
    fold.finish({ ranMs: 50, elapsedMs: 100, operations, latency: {}, locks: [], roles: {} }, true);
  });
  return fold;
}
const patched = (...rounds: Round[]): CaseFold => filled([], rounds);
const reverted = (...rounds: Round[]): CaseFold => filled(scenario.fixedBy, rounds);
const exit = (...cases: CaseFold[]): number => VERDICTS[grade(cases, false).verdict];

test('all as expected is 0', () => {
  expect(exit(patched(round([])), reverted(round([record('buffer:written-after-destroy')])))).toBe(0);
});

test('anything on patched is 2, a hang alone is 3', () => {
  expect(exit(patched(round([record('event:lost')])))).toBe(2);
  expect(exit(patched(round([record('hang')])))).toBe(3);
  expect(exit(patched(round([record('hang'), record('warn')])))).toBe(2);
});

test('a reverted build may show its own race, and nothing else', () => {
  const own = record('buffer:written-after-destroy');
  expect(exit(reverted(round([own])))).toBe(0);
  expect(exit(reverted(round([own, record('event:duplicate')])))).toBe(2);
});

test('a build without several fixes may show what each of them fixed', () => {
  const slugs = [...scenario.fixedBy, 'async_destroy'] as const;
  const records = [record('buffer:written-after-destroy'), record('white-box:grace-period-in-syscall')];
  expect(exit(filled(slugs, [round(records)]))).toBe(0);
  expect(exit(reverted(round(records)))).toBe(2);
});

test('a race that did not surface, no rounds, or a goal not reached is 4', () => {
  expect(exit(patched(round([])), reverted(round([])))).toBe(4);
  expect(exit(patched())).toBe(4);
  expect(exit(patched(round([], {})))).toBe(4);
});

test('interrupted is 130, unless something forbidden was seen', () => {
  expect(grade([patched(round([]))], true).verdict).toBe('interrupted');
  expect(grade([patched(round([record('warn')]))], true).verdict).toBe('forbidden');
});

test('a bug that v3.17 is known to have is named, and does not alarm', () => {
  const leak = record('leak:mapping', 'rings are mapped that belong to no context');
  const c = patched(round([leak], { ...goals, 'setup failed': 3 }));
  expect(exit(c)).toBe(0);
  expect(c.result().findings[0]?.known).toMatch(/^deeb8525f9bc/);
  expect(c.result().outcomes.find(({ result }) => result === 'leak:mapping (known)')?.samples).toBe(1);
  // Without a failed io_setup() it is something else.
  expect(exit(patched(round([leak])))).toBe(2);
});

test('the same problem is one finding, counted by occurrence and by round', () => {
  const r = record('buffer:written-after-destroy');
  const [finding] = reverted(round([r, r]), round([]), round([r])).result().findings;
  expect([finding?.count, finding?.rounds]).toEqual([3, 2]);
});

test('the time to detection counts what passed without one', () => {
  const { detection } = reverted(round([]), round([record('buffer:written-after-destroy')]), round([])).result();
  // 50 and 50 ms of user space in vain, 20 until it showed
  expect(detection).toMatchObject({ rounds: 3, detected: 1, exposureMs: 120 });
  expect(detection?.p50Ms).toBeCloseTo(Math.LN2 * 120);
  expect(detection?.p95Ms).toBeCloseTo(-Math.log(0.05) * 120);
  expect(reverted(round([])).result().detection).toMatchObject({ detected: 0, p50Ms: null });
  expect(patched(round([])).result().detection).toBeNull();
});

test('time to the first finding runs from the first round of its case', () => {
  expect(reverted(round([]), round([record('buffer:written-after-destroy')])).firstFindingMs).toBe(101);
});

const options = (...argv: string[]): Options => parseOptions(argv, KNOWN) as Options;

test('each fix has a scenario, and by default every native one is tried both ways', () => {
  for (const slug of SLUGS)
    expect(
      SCENARIOS.some(({ fixedBy }) => fixedBy.includes(slug)),
      slug,
    ).toBe(true);
  const cases = chooseCases(options(), SCENARIOS);
  for (const s of SCENARIOS.filter(({ onlyByName }) => !onlyByName)) {
    const builds = cases.filter((c) => c.scenario === s).map(({ reverted, applied }) => [reverted, applied ?? []]);
    const fixes = s.native ? s.fixedBy : [];
    const isHidden = !s.native && s.fixedBy.some((slug) => !inV317(slug));
    expect(builds, s.name).toEqual([
      ...fixes.filter(inV317).map((slug) => [[slug], []]),
      ...(isHidden ? [] : [[[], []]]),
      ...fixes.filter((slug) => !inV317(slug)).map((slug) => [[], [slug]]),
    ]);
  }
});

test('what a bug of v3.17 leads to is known in its own scenario only', () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'context_freed_while_looked_up') as Scenario;
  const build: Build = { reverted: [], rcu: 'preempt' };
  const lost = record('refcount:underflow');
  expect(classify(lost, { ...build, scenario }, {})).toMatchObject({ known: expect.any(String), expected: true });
  expect(classify(lost, build, {})).toEqual({ known: null, expected: false });
  const both = ['free_contexts_after_readers', 'refuse_dying_contexts'] as const;
  expect(classify(lost, { ...build, applied: both, scenario }, {})).toEqual({ known: null, expected: false });
});

test('--revert alone runs the scenarios that show it; with --scenario it runs those', () => {
  const names = (...argv: string[]): string[] => chooseCases(options(...argv), SCENARIOS).map((c) => c.scenario.name);
  expect(names('--revert', 'exit_waits')).toEqual(['exit_leaves_requests_in_flight']);
  expect(names('--revert', 'exit_waits', '--scenario', 'hostile_user')).toEqual(['hostile_user']);
});

test('a scenario that needs more threads than there are is no case', () => {
  const all = chooseCases(options('--threads', '9'), SCENARIOS).map(({ scenario }) => scenario.name);
  const fit = chooseCases(options('--threads', '8'), SCENARIOS).map(({ scenario }) => scenario.name);
  expect(fit).toEqual(all.filter((name) => name !== 'everything_at_once'));
});

// SPDX-License-Identifier: GPL-2.0-only
/** A log written by hand: a race on a reverted build, then two rounds on the patched one. */
import { binOf } from '../../src/arch/sab/histogram.ts';
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import { fixture as result } from '../result/fixture.test-data.ts';
import {
  type CaseRecord,
  type DoneRecord,
  type Figures,
  LOG_VERSION,
  type LogRecord,
  type RunRecord,
  type SampleRecord,
} from './records.ts';

const caseOf = (reverted: readonly string[]): CaseRecord => ({
  name: 'head_lost_in_page_migration',
  description: 'io_getevents() on rings whose pages are being migrated',
  reverted,
  expectsFinding: reverted.length > 0,
  native: true,
  outcomes: { reaped: { expect: 'ACCEPTABLE', description: 'an event was delivered once, intact' } },
  goals: { reaped: 'required' },
  roles: ['kworker', 'submitter'],
});

export const runRecord: RunRecord = {
  t: 'run',
  log: LOG_VERSION,
  startedAt: result.startedAt,
  parameters: { ...result.parameters, thresholds: [] },
  environment: result.environment,
  cases: [caseOf(['serialise_migration']), caseOf([])],
  from: null,
};

const lock: LockStat = {
  class: 'ring_lock',
  conBounces: 8,
  contentions: 10,
  waitMin: 100,
  waitMax: 9000,
  waitTotal: 20_000,
  acqBounces: 50,
  acquisitions: 1000,
  holdMin: 50,
  holdMax: 4000,
  holdSamples: 62,
  holdTotal: 31_000,
  wait: [binOf(100), 5, binOf(3000), 5],
  hold: [binOf(500), 62],
  waiters: [['a (src/a.ts:1)', 10]],
  holders: [['b (src/b.ts:2)', 9]],
};

const figures = (reaped: number, ranMs: number): Figures => ({
  ranMs,
  elapsedMs: ranMs + 100,
  operations: { submitted: reaped, reaped },
  latency: { io_submit: [binOf(1500), 100] },
  locks: [lock],
  roles: { submitter: [2, 1, 1, 0, 0] },
});
const done = (n: number): DoneRecord => ({ t: 'done', n, whole: true, ...figures(1000, 900) });
const sample = (n: number, ms: number): SampleRecord => ({
  t: 'sample',
  n,
  ms,
  spanMs: 250,
  events: 250,
  occupancy: 0.5,
  freeSlots: 0.25,
  contexts: 2,
  gracePeriods: 10,
  activity: 'su',
});

/** As a run with that seed would have written it. */
export const logOf = (seed: number): LogRecord[] => [
  { ...runRecord, parameters: { ...runRecord.parameters, seed } },
  { t: 'round', n: 0, case: 0, seed: 11, ms: 100 },
  sample(0, 500),
  {
    t: 'finding',
    n: 0,
    id: 0,
    ranMs: 150,
    known: null,
    expected: true,
    record: {
      kind: 'event:duplicate',
      title: 'an event was delivered twice',
      where: 'deliver',
      cpu: 1,
      role: 'submitter',
      us: 200_000,
      text: ['event data=0x1'],
      objects: [{ type: 'iocb', addr: 0x1000, offset: 0 }],
      address: null,
      stack: ['deliver (workers/user.ts:250)'],
      cpus: [],
    },
  },
  { t: 'again', n: 0, id: 0, ranMs: 400 },
  done(0),
  { t: 'round', n: 1, case: 1, seed: 12, ms: 1100 },
  { t: 'so far', n: 1, ...figures(400, 300) },
  sample(1, 1500),
  {
    t: 'trace',
    n: 1,
    window: {
      scenario: 1,
      round: 1,
      bootMs: 1110,
      cpus: [{ cpu: 1, role: 'submitter', steps: [[10, 'refill', 'refill_reqs_available']], locks: [] }],
    },
  },
  done(1),
  { t: 'round', n: 2, case: 1, seed: 13, ms: 2100 },
  sample(2, 2500),
  done(2),
  { t: 'end', ms: 4000, signal: null, failure: null },
];

export const fixture: readonly LogRecord[] = logOf(42);

// SPDX-License-Identifier: GPL-2.0-only
/**
 * What each line of a log must look like, type by type: a log may have been damaged, or changed by hand. What was
 * measured is any number, since a kernel that breaks may break what is counted in it; numbers that name something are
 * counts.
 */
import type { Bins } from '../../src/arch/sab/histogram.ts';
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import type { ObjectRef } from '../../src/kernel/object_ref.ts';
import type { CpuSnapshot, OopsRecord } from '../../src/kernel/oops.ts';
import type { TraceEntry } from '../../src/trace/flight_recorder.ts';
import { STOP_SIGNALS } from '../cli/exit_code.ts';
import type { Diagram, DiagramRow, Explanation } from '../result/explanation.ts';
import {
  ACTIVITIES,
  type Environment,
  type Explained,
  type LeftOut,
  type Parameters,
  type Schedules,
  type Shard,
  type Spread,
  type TraceCpu,
  type TraceWindow,
  VERDICTS,
} from '../result/run_result.ts';
import {
  type Check,
  count,
  flag,
  is,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
  tuple,
} from './check.ts';
import type {
  AgainRecord,
  CaseRecord,
  DoneRecord,
  EndRecord,
  ExplainedRecord,
  Figures,
  FindingRecord,
  LogRecord,
  MergedFrom,
  MergeRecord,
  RoundRecord,
  RunRecord,
  SampleRecord,
  SoFarRecord,
  TraceRecord,
} from './records.ts';

type Fields<T> = { readonly [K in keyof T]-?: Check };

const bins = is(
  'pairs of a bin and a count',
  (value): value is Bins => Array.isArray(value) && value.length % 2 === 0 && value.every(Number.isFinite),
);
const texts = listOf(text);
const sites = listOf(tuple(text, number));

const lock = object<LockStat>({
  class: text,
  conBounces: number,
  contentions: number,
  waitMin: number,
  waitMax: number,
  waitTotal: number,
  acqBounces: number,
  acquisitions: number,
  holdMin: number,
  holdMax: number,
  holdSamples: number,
  holdTotal: number,
  wait: bins,
  hold: bins,
  waiters: sites,
  holders: sites,
});

const spread = object<Spread>({ min: number, max: number, sum: number });
const schedules = object<Schedules>({
  schedules: number,
  different: number,
  bounded: number,
  whole: number,
  steps: spread,
  points: spread,
  switches: spread,
  firstFinding: orNull(number),
  pctBound: orNull(number),
  search: orNull(text),
});

const figures: Fields<Figures> = {
  ranMs: number,
  elapsedMs: number,
  operations: mapOf(number),
  latency: mapOf(bins),
  locks: listOf(lock),
  roles: mapOf(
    is(
      'a count for each activity',
      (value) => Array.isArray(value) && value.length === ACTIVITIES.length && value.every(Number.isFinite),
    ),
  ),
  schedules: optional(schedules),
};

const parameters = object<Parameters>({
  threads: count,
  durationMs: number,
  seed: count,
  scenarios: texts,
  leftOut: optional(listOf(object<LeftOut>({ scenario: text, threads: count }))),
  build: text,
  revert: texts,
  apply: optional(texts),
  rcu: optional(oneOf('classic', 'preempt')),
  roles: orNull(mapOf(count)),
  perturb: text,
  sanitize: text,
  arenaMib: number,
  shard: orNull(object<Shard>({ index: count, of: count })),
  thresholds: texts,
  again: text,
  engine: optional(text),
});

const environment = object<Environment>({
  tool: text,
  node: text,
  v8: text,
  platform: text,
  cpuModel: text,
  cores: count,
  memoryModel: text,
  commit: text,
});

const caseRecord = object<CaseRecord>({
  name: text,
  description: text,
  reverted: texts,
  applied: optional(texts),
  rcu: optional(oneOf('classic', 'preempt')),
  expectsFinding: flag,
  native: flag,
  outcomes: mapOf(
    object<CaseRecord['outcomes'][string]>({
      expect: oneOf('ACCEPTABLE', 'INTERESTING', 'FORBIDDEN', 'UNKNOWN'),
      description: text,
    }),
  ),
  goals: mapOf(oneOf('required', 'wanted')),
  roles: texts,
  contrast: optional(text),
});

const step = object<TraceEntry>({ us: number, text });
const snapshot = object<CpuSnapshot>({
  cpu: number,
  role: text,
  held: texts,
  waiting: orNull(text),
  steps: listOf(step),
});
const oops = object<OopsRecord>({
  kind: text,
  title: text,
  where: text,
  cpu: number,
  role: text,
  us: number,
  text: texts,
  objects: listOf(object<ObjectRef>({ type: text, addr: number, offset: number })),
  address: orNull(number),
  stack: texts,
  cpus: listOf(snapshot),
});

const row = object<DiagramRow>({ cpu: number, text, site: text, linux: text, switched: text, truth: flag });
const diagram = object<Diagram>({
  columns: listOf(object<Diagram['columns'][number]>({ cpu: number, role: text })),
  rows: listOf(row),
  leftOut: count,
});
const explanation = object<Explanation>({ schedule: text, steps: count, preemptions: count, memory: text, diagram });
const explained = object<Explained>({ outcome: text, explanation: orNull(explanation) });

const traceCpu = object<TraceCpu>({
  cpu: number,
  role: text,
  steps: listOf(tuple(number, text, text)),
  locks: listOf(tuple(number, number, text, oneOf('wait', 'hold'))),
});
const traceWindow = object<TraceWindow>({ scenario: count, round: count, bootMs: number, cpus: listOf(traceCpu) });

const from = object<MergedFrom>({ folder: text, verdict: oneOf(...Object.keys(VERDICTS)) });
/** The kind has chosen the check. */
const t = text;

/** By `t`. */
export const SHAPES: Readonly<Record<LogRecord['t'], Check>> = {
  run: object<RunRecord>({
    t,
    log: count,
    startedAt: is('a moment', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))),
    parameters,
    environment,
    cases: listOf(caseRecord),
    from: orNull(from),
  }),
  round: object<RoundRecord>({ t, n: count, case: count, seed: count, ms: number }),
  sample: object<SampleRecord>({
    t,
    n: count,
    ms: number,
    spanMs: number,
    events: number,
    occupancy: orNull(number),
    freeSlots: orNull(number),
    contexts: number,
    gracePeriods: number,
    activity: text,
  }),
  'so far': object<SoFarRecord>({ t, n: count, ...figures }),
  done: object<DoneRecord>({ t, n: count, whole: flag, inconclusive: optional(text), ...figures }),
  finding: object<FindingRecord>({
    t,
    n: count,
    id: count,
    ranMs: number,
    known: orNull(text),
    expected: flag,
    record: oops,
    schedule: optional(text),
  }),
  again: object<AgainRecord>({ t, n: count, id: count, ranMs: number }),
  explained: object<ExplainedRecord>({ t, id: count, explained }),
  trace: object<TraceRecord>({ t, n: count, window: traceWindow }),
  end: object<EndRecord>({ t, ms: number, signal: orNull(oneOf(...STOP_SIGNALS)), failure: orNull(text) }),
  merge: object<MergeRecord>({ t, log: count, folders: texts, runs: optional(count) }),
};

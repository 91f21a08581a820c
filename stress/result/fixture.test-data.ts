// SPDX-License-Identifier: GPL-2.0-only
/**
 * A result written by hand, for the tests of the printers: one surfaced race, one known bug, one goal never reached.
 */
import { type Bins, binOf } from '../../src/arch/sab/histogram.ts';
import { objectRef } from '../../src/kernel/object_ref.ts';
import { distribution } from './distribution.ts';
import {
  ACTIVITY_LETTERS,
  type Finding,
  type Lock,
  type RoundSample,
  type Run,
  type RunResult,
  type ScenarioResult,
  type TraceWindow,
} from './run_result.ts';

export const duplicate: Finding = {
  kind: 'event:duplicate',
  title: 'an event was delivered twice',
  where: 'io_getevents',
  count: 7,
  firstAtMs: 3200,
  rounds: 2,
  objects: [objectRef('kioctx', 0x4001_2340), objectRef('aio_ring', 0x4002_0000)],
  address: null,
  cpu: 5,
  role: 'getter',
  text: ['iocb 0x50001000 came at head 12 and again at head 12', '  first reader: cpu 6'],
  stack: Array.from({ length: 10 }, (_, i) => `frame_${i} (src/fs/aio/events.ts:${100 + i})`),
  cpus: [
    {
      cpu: 2,
      role: 'submitter',
      held: [],
      waiting: null,
      steps: [{ us: 9_000, text: 'io_submit(ctx=0x99990000, nr=4)' }],
    },
    {
      cpu: 5,
      role: 'getter',
      held: ['ring_lock'],
      waiting: null,
      steps: [
        { us: 10_000, text: 'io_getevents(ctx=0x40012340, min=1, nr=8)' },
        { us: 10_040, text: 'aio_read_events_ring: kioctx 0x40012340 head 12 (+3)' },
      ],
    },
    {
      cpu: 7,
      role: 'migrator',
      held: ['private_lock', 'completion_lock'],
      waiting: 'ring_lock',
      steps: [{ us: 10_020, text: 'aio_migratepage: ring_pages[0] copied, 0x40020000 -> 0x40031000' }],
    },
    {
      cpu: 8,
      role: 'completer',
      held: [],
      waiting: null,
      steps: [{ us: 10_050, text: 'aio_complete: kioctx 0x400123400 slot 15 <- iocb 0x50001000' }],
    },
    { cpu: 9, role: 'kworker', held: [], waiting: null, steps: [] },
  ],
  known: null,
  expected: true,
  explained: {
    outcome: 'found by schedule 13 of head_lost_in_page_migration_small, cut down from 37 preemptions to 1',
    explanation: {
      schedule: 'kx1:AAAA',
      steps: 7_382,
      preemptions: 1,
      memory: 'sc',
      diagram: {
        columns: [
          { cpu: 2, role: 'submitter' },
          { cpu: 4, role: 'migrator' },
        ],
        rows: [
          {
            cpu: 2,
            text: 'ring_pages[0] → old page',
            site: 'aio_read_events_ring (src/fs/aio/read_events.ts:36)',
            linux: 'fs/aio.c aio_read_events_ring()',
            switched: '',
            truth: false,
          },
          {
            cpu: 4,
            text: 'ring_pages[0] = new page',
            site: 'aio_migratepage (src/fs/aio/ring.ts:163)',
            linux: 'fs/aio.c aio_migratepage()',
            switched: 'preempted',
            truth: false,
          },
          {
            cpu: 2,
            text: 'ring->head = 3 (written to the old page)',
            site: 'aio_read_events_ring (src/fs/aio/read_events.ts:61)',
            linux: 'fs/aio.c aio_read_events_ring()',
            switched: 'done',
            truth: true,
          },
        ],
        leftOut: 0,
      },
    },
  },
};

/** The same on a build that has the fix. */
export const unexpected: Finding = { ...duplicate, expected: false };

export const knownBug: Finding = {
  ...duplicate,
  kind: 'slot:leak',
  title: 'slots are gone for good',
  where: '',
  count: 1,
  rounds: 1,
  firstAtMs: 41_000,
  objects: [],
  cpu: -1,
  role: 'oracle',
  text: ['62 of 64 slots are free'],
  stack: [],
  cpus: [],
  expected: false,
  explained: null,
  known: 'deeb8525f9bc (v4.1): aio: fix leak of slots on a failed copy',
};

const patched: ScenarioResult = {
  name: 'head_lost_in_page_migration',
  description: 'io_getevents() on rings whose pages are being migrated',
  build: { reverted: [] },
  expectsFinding: false,
  rounds: 24,
  elapsedMs: 25_100,
  ranMs: 20_000,
  operations: { submitted: 1_400_000, reaped: 1_399_990, 'pages migrated': 9_120 },
  outcomes: [
    { result: 'reaped', samples: 1_399_990, expect: 'ACCEPTABLE', description: 'an event was delivered once, intact' },
    {
      result: 'migration refused',
      samples: 12,
      expect: 'INTERESTING',
      description: 'a ring page was in use and not moved',
    },
    { result: 'event:duplicate', samples: 0, expect: 'FORBIDDEN', description: 'an event was delivered twice' },
  ],
  findings: [knownBug],
  goals: { reaped: { count: 1_399_990, required: true }, 'ring wrapped': { count: 0, required: false } },
  firstFindingMs: null,
  detection: null,
};

const reverted: ScenarioResult = {
  ...patched,
  build: { reverted: ['serialise_migration'] },
  expectsFinding: true,
  rounds: 11,
  elapsedMs: 11_400,
  ranMs: 9_000,
  outcomes: [
    { result: 'reaped', samples: 640_000, expect: 'ACCEPTABLE', description: 'an event was delivered once, intact' },
    { result: 'event:duplicate', samples: 7, expect: 'FORBIDDEN', description: 'an event was delivered twice' },
  ],
  findings: [duplicate],
  firstFindingMs: 1800,
  detection: { rounds: 11, detected: 2, exposureMs: 8_100, p50Ms: 2_807, p95Ms: 12_132, p99Ms: 18_651 },
};

const vacuous: ScenarioResult = {
  ...patched,
  name: 'exit_leaves_requests_in_flight',
  description: 'processes that exit while their requests are in flight',
  rounds: 6,
  findings: [],
  outcomes: [{ result: 'exited', samples: 300, expect: 'ACCEPTABLE', description: 'a process ended' }],
  goals: { 'exit with requests in flight': { count: 0, required: true } },
};

/** Bins of a few times around `ns`. */
const bins = (samples: number, ns: number): Bins => {
  const shares: [number, number][] = [
    [0.9, 0.4],
    [1.6, 0.2],
    [8, 0.09],
    [60, 0.01],
  ];
  const counts = shares.map(([scale, share]) => ({ bin: binOf(ns * scale), count: Math.floor(samples * share) }));
  const rest = Math.round(samples) - counts.reduce((sum, { count }) => sum + count, 0);
  return [{ bin: binOf(ns * 0.5), count: rest }, ...counts].flatMap(({ bin, count }) =>
    count > 0 ? [bin, count] : [],
  );
};

const lock = (name: string, contentions: number, acquisitions: number): Lock => ({
  class: name,
  conBounces: Math.floor(contentions / 2),
  contentions,
  acqBounces: Math.floor(acquisitions / 3),
  acquisitions,
  wait: distribution(contentions === 0 ? [] : bins(contentions, 5_432)),
  waitTotal: contentions * 5_432.1,
  hold: distribution(bins(acquisitions / 16, 412), { max: 2_220_301_690 }),
  holdTotal: acquisitions * 412.5,
  waiters:
    contentions === 0
      ? []
      : [
          { count: Math.ceil(contentions * 0.8), site: 'aio_complete (src/fs/aio/completion.ts:45)' },
          { count: Math.floor(contentions * 0.2), site: 'refill_reqs_available (src/fs/aio/requests.ts:88)' },
        ].filter(({ count }) => count > 0),
  holders: contentions === 0 ? [] : [{ count: contentions, site: 'aio_complete (src/fs/aio/completion.ts:81)' }],
});

export const fixture: RunResult = {
  schemaVersion: 2,
  verdict: 'inconclusive',
  exitCode: 4,
  reason: 'exit_leaves_requests_in_flight never reached exit with requests in flight',
  interrupted: false,
  startedAt: '2026-11-21T02:47:00.123Z',
  elapsedMs: 62_300,
  parameters: {
    threads: 16,
    durationMs: 60_000,
    seed: 42,
    scenarios: ['head_lost_in_page_migration', 'exit_leaves_requests_in_flight'],
    build: 'both',
    revert: [],
    roles: null,
    perturb: 'light',
    sanitize: 'address',
    arenaMib: 64,
    shard: null,
    thresholds: ['locks.completion_lock.wait.p99 < 500us', 'throughput.events > 2e6/s'],
    again:
      '--threads 16 --minutes 1 --seed 42 --scenario head_lost_in_page_migration --scenario exit_leaves_requests_in_flight',
  },
  environment: {
    tool: 'kioctx 0.1.0',
    node: 'v20.20.2',
    v8: '11.3.244.8-node.38',
    platform: 'linux x64',
    cpuModel: 'AMD EPYC 7B13',
    cores: 2,
    memoryModel: 'x86-TSO (native): a store may pass a later load, nothing else is reordered by the machine',
    commit: '0123456789ab',
  },
  merged: [],
  scenarios: [patched, reverted, vacuous],
  measured: 'patched',
  locks: [
    lock('completion_lock', 81_234, 4_200_000),
    lock('ring_lock', 1_200, 900_000),
    lock('aio_nr_lock', 3, 2_000),
    lock('tree_lock', 0, 9_120),
  ],
  latency: {
    io_submit: distribution(bins(180_000, 1_250)),
    io_getevents: distribution(bins(90_000, 25_000), { max: 24_691_340 }),
  },
  throughput: { eventsPerSecond: 1_240_000, events: 44_640_000 },
  roles: {
    submitter: { user: 0.2, kernel: 0.55, lock: 0.1, sleep: 0.05, idle: 0.1 },
    getter: { user: 0.1, kernel: 0.3, lock: 0.2, sleep: 0.3, idle: 0.1 },
  },
  timeline: Array.from({ length: 60 }, (_, i) => ({
    ms: 500 + 1000 * i,
    scenario: i % 3,
    eventsPerSecond: 1_200_000 + 40_000 * (i % 5),
    occupancy: i % 7 === 6 ? null : 0.3 + 0.05 * (i % 6),
    freeSlots: i % 7 === 6 ? null : 0.6 - 0.05 * (i % 6),
    contexts: i % 7 === 6 ? 0 : 2 + (i % 3),
    gracePeriodsPerSecond: 40 + (i % 9),
    activity: Array.from({ length: 16 }, (__, cpu) => ACTIVITY_LETTERS[(i + cpu) % 5]).join(''),
  })),
  thresholds: [
    { expression: 'locks.completion_lock.wait.p99 < 500us', value: 43.7, text: '43.7 us', met: true },
    { expression: 'throughput.events > 2e6/s', value: 1_240_000, text: '1,240,000/s', met: false },
  ],
  confidence: { cleanRounds: 30, ruleOfThree: 0.1 },
};

const round = (number: number): RoundSample => ({
  number,
  scenario: number % 3,
  startedMs: 1000 * number,
  ranMs: 800,
  whole: true,
  operations: { submitted: 50_000 + 100 * number, reaped: 50_000 },
  latency: { io_submit: bins(6_000, 1_250) },
  locks: [
    {
      class: 'completion_lock',
      contentions: 2_000,
      acquisitions: 100_000,
      waitTotal: 10_864_000,
      wait: bins(2_000, 5_432),
      hold: bins(6_250, 412),
    },
  ],
});

/** A getter that sleeps when the window ends, a submitter in a call when it begins, and a hand-over of locks. */
const traced: TraceWindow = {
  scenario: 1,
  round: 4,
  bootMs: 4_000.25,
  cpus: [
    {
      cpu: 0,
      role: 'submitter',
      steps: [
        [100, 'sys_io_submit_done', 'io_submit(ctx=0x4000000) = 7'],
        [110.5, 'sys_io_submit', 'io_submit(ctx=0x4000000, nr=2)'],
        [120, 'device_queue', 'device: request 0x43f9c360 of kioctx 0x43fba000 queued'],
        [150.25, 'sys_io_submit_done', 'io_submit(ctx=0x4000000) = 2'],
      ],
      locks: [
        [112, 3, 'slab.lock', 'wait'],
        [115, 2, 'slab.lock', 'hold'],
        [120, 20, 'page_lock', 'hold'],
        [130, 20, 'private_lock', 'hold'],
        [132, 1, 'completion_lock', 'wait'],
      ],
    },
    {
      cpu: 5,
      role: 'getter',
      steps: [
        [105, 'sys_io_getevents', 'io_getevents(ctx=0x4000000, min=1, nr=8)'],
        [140, 'read_events', 'aio_read_events_ring: kioctx 0x43fba000 head 12 (+3)'],
        [145, 'sys_io_getevents_done', 'io_getevents(ctx=0x4000000) = 3'],
        [160, 'sys_io_getevents', 'io_getevents(ctx=0x4000000, min=4, nr=8)'],
      ],
      locks: [[138, 4, 'ring_lock', 'hold']],
    },
    {
      cpu: 8,
      role: 'completer',
      steps: [[170, 'aio_complete', 'aio_complete: kioctx 0x43fba000 slot 15 <- iocb 0x50001000']],
      locks: [],
    },
  ],
};

export const run: Run = {
  result: fixture,
  rounds: Array.from({ length: 12 }, (_, i) => round(i)),
  trace: [traced, { ...traced, round: 9, bootMs: 9_000 }],
};

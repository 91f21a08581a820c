// SPDX-License-Identifier: GPL-2.0-only
/**
 * A result written by hand, for the tests of the printers: one surfaced race, one known bug, one goal never reached.
 */
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import type { Finding, Latency, RunResult, ScenarioResult } from './result.ts';

export const duplicate: Finding = {
  kind: 'event:duplicate',
  title: 'an event was delivered twice',
  where: 'io_getevents',
  count: 7,
  firstAtMs: 3200,
  rounds: 2,
  objects: ['kioctx 0x40012340', 'aio_ring 0x40020000'],
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
  known: 'deeb8525f9bc (v4.1): aio: fix leak of slots on a failed copy',
};

const patched: ScenarioResult = {
  name: 'head_lost_in_page_migration',
  description: 'io_getevents() on rings whose pages are being migrated',
  build: { reverted: [] },
  expectsFinding: false,
  rounds: 24,
  elapsedMs: 25_100,
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
};

const reverted: ScenarioResult = {
  ...patched,
  build: { reverted: ['serialise_migration'] },
  expectsFinding: true,
  rounds: 11,
  elapsedMs: 11_400,
  outcomes: [
    { result: 'reaped', samples: 640_000, expect: 'ACCEPTABLE', description: 'an event was delivered once, intact' },
    { result: 'event:duplicate', samples: 7, expect: 'FORBIDDEN', description: 'an event was delivered twice' },
  ],
  findings: [duplicate],
  firstFindingMs: 1800,
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

const lock = (name: string, contentions: number, acquisitions: number): LockStat => ({
  class: name,
  conBounces: Math.floor(contentions / 2),
  contentions,
  waittimeMin: contentions === 0 ? 0 : 120,
  waittimeMax: contentions * 1000,
  waittimeTotal: contentions * 5_432.1,
  waittimeAvg: contentions === 0 ? 0 : 5_432.1,
  acqBounces: Math.floor(acquisitions / 3),
  acquisitions,
  holdtimeMin: 85,
  holdtimeMax: 2_220_301_690,
  holdtimeTotal: acquisitions * 412.5,
  holdtimeAvg: 412.5,
  holdSamples: Math.floor(acquisitions / 16),
});

const latency = (samples: number, scale: number): Latency => ({
  samples,
  min: 400 * scale,
  mean: 1_800 * scale,
  p50: 1_250 * scale,
  p90: 3_000 * scale,
  p99: 9_994 * scale,
  p999: 45_000 * scale,
  max: 1_234_567 * scale,
});

export const fixture: RunResult = {
  schemaVersion: 1,
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
  scenarios: [patched, reverted, vacuous],
  locks: [
    lock('completion_lock', 81_234, 4_200_000),
    lock('ring_lock', 1_200, 900_000),
    lock('aio_nr_lock', 3, 2_000),
    lock('tree_lock', 0, 9_120),
  ],
  latency: { io_submit: latency(180_000, 1), io_getevents: latency(90_000, 20) },
  throughput: { eventsPerSecond: 1_240_000, events: 44_640_000 },
  confidence: { cleanRounds: 30, ruleOfThree: 0.1 },
};

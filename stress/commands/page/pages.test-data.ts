// SPDX-License-Identifier: GPL-2.0-only
/**
 * A made-up run of sixteen threads as full as a real one of a minute: every scenario, many findings with all their
 * CPUs, twenty locks, nine system calls, a timeline of two hundred stretches; and a sweep.
 */
import { type Bins, binOf } from '../../../src/arch/sab/histogram.ts';
import { objectRef } from '../../../src/kernel/object_ref.ts';
import type { CpuSnapshot } from '../../../src/kernel/oops.ts';
import { REVERTIBLE } from '../../../src/reverts/registry.ts';
import { distribution } from '../../result/distribution.ts';
import { duplicate, fixture, knownBug } from '../../result/fixture.test-data.ts';
import {
  ACTIVITIES,
  ACTIVITY_LETTERS,
  type Finding,
  type Lock,
  type RunResult,
  type ScenarioResult,
} from '../../result/run_result.ts';
import { throughputOf } from '../../sweep/law.ts';
import type { Sweep } from '../../sweep/sweep_result.ts';

const THREADS = 16;
const ROLES = [
  'submitter',
  'submitter',
  'submitter',
  'completer',
  'getter',
  'reaper',
  'migrator',
  'destroyer',
  'kworker',
];

/** Numbers from 0 to 1, the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bins of samples around a median: most near it, a long tail. */
function bins(samples: number, medianNs: number, seed: number): Bins {
  const next = numbers(seed);
  const counts = new Map<number, number>();
  const draws = 3000;
  for (let i = 0; i < draws; i++) {
    const normal = Math.sqrt(-2 * Math.log(next() + 1e-9)) * Math.cos(2 * Math.PI * next());
    const tail = next() < 0.02 ? 40 * next() : 1;
    const bin = binOf(Math.round(medianNs * Math.exp(0.6 * normal) * tail));
    counts.set(bin, (counts.get(bin) ?? 0) + Math.max(1, Math.round(samples / draws)));
  }
  return [...counts].sort(([a], [b]) => a - b).flat();
}

const STEPS = [
  'io_submit(ctx=0x4000000, nr=6)',
  'device: request 0x43f93a20 of kioctx 0x43fba000 queued',
  'aio_complete: kioctx 0x43fba000 slot 15 <- iocb 0x169dc0',
  'aio_read_events_ring: kioctx 0x43fba000 head 12 (+3)',
  'io_submit(ctx=0x4000000) = 6',
];

const cpus = (seed: number): CpuSnapshot[] =>
  Array.from({ length: THREADS }, (_, cpu) => ({
    cpu,
    role: ROLES[cpu % ROLES.length] as string,
    held: cpu % 5 === 4 ? ['ring_lock'] : [],
    waiting: cpu % 7 === 6 ? 'completion_lock 0x43fba040' : null,
    steps: Array.from({ length: 12 }, (__, i) => ({
      us: 160_000 + 37 * i + 11 * cpu + seed,
      text: STEPS[(i + cpu) % STEPS.length] as string,
    })),
  }));

const finding = (i: number): Finding => ({
  ...duplicate,
  title: i % 2 === 0 ? 'an event was delivered twice' : `a freed page was used by way ${i}`,
  kind: i % 2 === 0 ? 'event:duplicate' : 'kasan:use-after-free',
  count: 400 >> (i % 8),
  objects: [objectRef('iocb', 0x169dc0), objectRef('kioctx', 0x43fb_a000)],
  cpu: 4,
  role: 'getter',
  text: [
    'event data=0xd33:0x2 obj=0x169dc0 res=64 res2=0',
    'Memory state around 0x43fba000:',
    '  0x43fb9f80: 00 00 00 00 00 00 00 00 fc fc fc fc fc fc fc fc',
    '> 0x43fba000: fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb',
  ],
  cpus: cpus(i),
});

const NAMES = [
  'destroy_waits_for_grace_period',
  'scribbled_ring_frees_live_requests',
  'head_lost_in_page_migration',
  'buffer_written_after_destroy',
  'unread_events_overwritten',
  'event_read_before_it_is_written',
  'exit_leaves_requests_in_flight',
];

const [patched, reverted] = fixture.scenarios as [ScenarioResult, ScenarioResult];

const scenarios: ScenarioResult[] = NAMES.flatMap((name, i) => [
  { ...reverted, name, build: { reverted: [REVERTIBLE[i] as string] }, findings: [finding(2 * i), finding(2 * i + 1)] },
  { ...patched, name, findings: i === 2 ? [knownBug] : [] },
]);

const lock = (name: string, i: number): Lock => {
  const contentions = Math.round(810_000 / 2.2 ** i) - 1;
  const acquisitions = Math.round(9_200_000 / 1.4 ** i);
  const wait = distribution(contentions < 1 ? [] : bins(contentions, 4_000 + 300 * i, i + 1));
  const hold = distribution(bins(acquisitions / 16, 250 + 60 * i, i + 100));
  return {
    class: name,
    conBounces: Math.max(0, Math.round(contentions * 0.7)),
    contentions: Math.max(0, contentions),
    acqBounces: Math.round(acquisitions * 0.4),
    acquisitions,
    wait,
    waitTotal: wait.mean * wait.samples,
    hold,
    holdTotal: hold.mean * acquisitions,
    waiters: [
      { count: 1 + Math.round(contentions * 0.8), site: 'aio_complete (src/fs/aio/completion.ts:45)' },
      { count: 1 + Math.round(contentions * 0.2), site: 'refill_reqs_available (src/fs/aio/requests.ts:88)' },
    ],
    holders: [{ count: 1 + contentions, site: 'aio_complete (src/fs/aio/completion.ts:81)' }],
  };
};

const LOCKS =
  'completion_lock ring_lock wait.lock device_lock ctx_lock slab.lock private_lock tree_lock mmap_sem aio_nr_lock ' +
  'ioctx_lock page_table_lock rcu.lock workqueue.lock i_mmap_mutex files.lock eventfd.lock pcpu_lock zone.lock pid.lock';
const CALLS = 'io_submit io_getevents io_destroy io_setup io_cancel';

const STRETCHES = 200;

/** An activity that lasts a while, as threads' do. */
const lettersAt = (i: number): string =>
  Array.from({ length: THREADS }, (_, cpu) => {
    const next = numbers(1 + cpu * 131 + Math.floor((i + 3 * cpu) / (2 + (cpu % 4))));
    next();
    return ACTIVITY_LETTERS[Math.floor(next() ** 1.6 * ACTIVITY_LETTERS.length)];
  }).join('');

const waves = numbers(7);

export const rich: RunResult = {
  ...fixture,
  scenarios,
  locks: LOCKS.split(' ').map(lock),
  latency: Object.fromEntries(
    CALLS.split(' ').map((call, i) => [call, distribution(bins(2_400_000 / 9 ** i, 1_300 * 6 ** i, i + 50))]),
  ),
  roles: Object.fromEntries(
    [...new Set(ROLES)].map((role, i) => {
      const shares = ACTIVITIES.map((_, at) => 1 + ((i * 7 + at * 5) % 9));
      const all = shares.reduce((sum, share) => sum + share, 0);
      return [role, Object.fromEntries(ACTIVITIES.map((name, at) => [name, (shares[at] as number) / all]))];
    }),
  ) as RunResult['roles'],
  timeline: Array.from({ length: STRETCHES }, (_, i) => {
    const idle = i % 14 === 13;
    return {
      ms: 150 + 310 * i,
      scenario: Math.floor(i / 7) % scenarios.length,
      eventsPerSecond: idle ? 0 : 900_000 + 400_000 * Math.sin(i / 19) + 150_000 * waves(),
      occupancy: idle ? null : 0.35 + 0.2 * Math.sin(i / 11) + 0.1 * waves(),
      freeSlots: idle ? null : 0.5 - 0.2 * Math.sin(i / 11) - 0.1 * waves(),
      contexts: idle ? 0 : 2 + Math.round(3 * waves()),
      gracePeriodsPerSecond: 40 + 30 * waves(),
      activity: lettersAt(i),
    };
  }),
};

const fit = { lambda: 420_000, sigma: 0.061, kappa: 0.0031, r2: 0.9934, peakThreads: Math.sqrt((1 - 0.061) / 0.0031) };

export const sweep: Sweep = {
  schemaVersion: 1,
  startedAt: '2026-11-21T02:47:00.123Z',
  interrupted: false,
  again: '--sweep threads=1,2,4,8,16 --minutes 1 --seed 42',
  environment: fixture.environment,
  fit,
  points: [1, 2, 4, 8, 16].map((threads, i) => {
    const next = numbers(threads);
    const samples = Array.from({ length: 9 }, () => throughputOf(fit, threads) * (0.95 + 0.1 * next()));
    return {
      threads,
      folder: `threads-${threads}`,
      samples,
      eventsPerSecond: [...samples].sort((a, b) => a - b)[4] as number,
      spread: 0.02 * throughputOf(fit, threads),
      locks: rich.locks.slice(0, 5).map((one, at) => ({
        ...one,
        contentions: Math.round(one.acquisitions * (i / 30) * (1 / (1 + at))),
      })),
      latency: rich.latency,
    };
  }),
};

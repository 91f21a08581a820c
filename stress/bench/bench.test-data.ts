// SPDX-License-Identifier: GPL-2.0-only
/** A benchmark with figures of a kind for each part, made without measuring anything. */
import { Prng } from '../../src/arch/sab/prng.ts';
import { fixture } from '../result/fixture.test-data.ts';
import { BENCH_SCHEMA_VERSION, type Bench, type Group, type GroupSpec, PARTS, type Sample } from './bench_result.ts';
import { C_FUTEX, C_PTHREAD, FAIRNESS_TABLE, LOCK_NAMES, LOCK_TABLE, threadsText } from './parts/locks.ts';
import { MEMORY_TABLE } from './parts/memory.ts';
import { PORT_COLUMNS, PORT_NAMES, PORT_TABLE } from './parts/port.ts';
import { Collector } from './samples.ts';
import { targetRows } from './targets.ts';

export interface Made {
  readonly seed: number;
  readonly rounds: number;
  /** Spread of a sample, as a share. */
  readonly noise: number;
  /** By how much the port is slower than it is otherwise. */
  readonly portSlower: number;
  /** By how much the whole machine is slower, C and all. */
  readonly machineSlower: number;
  readonly foreign: (round: number) => number | null;
}
const DEFAULTS: Made = { seed: 1, rounds: 12, noise: 0.03, portSlower: 1, machineSlower: 1, foreign: () => 0.1 };

type Times = Readonly<Record<string, number | string>>;

/** @param times - ns by name of a contestant, or why it is not there; those of `ours` are this project's */
function group(spec: GroupSpec, times: Times, ours: readonly string[], made: Made, prng: Prng): Group {
  const contestants = Object.entries(times).map(([name, value]) => ({
    name,
    ours: ours.includes(name),
    absent: typeof value === 'string' ? value : null,
  }));
  const collector = new Collector(spec, contestants);
  for (let round = 0; round < made.rounds; round++) {
    for (const [name, value] of Object.entries(times)) {
      if (typeof value === 'string') continue;
      const jitter = 1 + made.noise * (prng.below(2001) / 1000 - 1);
      const sample: Sample = { round, value: value * jitter, foreign: made.foreign(round) };
      collector.add(name, sample);
    }
  }
  return collector.finish();
}

const spec = (part: GroupSpec['part'], table: string, column: string, more: Partial<GroupSpec>): GroupSpec => ({
  part,
  table,
  column,
  width: null,
  unit: 'ns',
  what: 'the time of an event',
  baseline: null,
  relation: 'none',
  ...more,
});

const KERNEL_LOCKS = [LOCK_NAMES.spin_lock, LOCK_NAMES.mutex];

function lockGroups(made: Made, prng: Prng): Group[] {
  const c = made.machineSlower;
  const speed = { baseline: C_FUTEX, relation: 'speed' as const };
  return [LOCK_TABLE.bare, LOCK_TABLE.held].flatMap((table) =>
    [1, 2, 16].map((threads) =>
      group(
        spec('locks', table, threadsText(threads), { ...speed, width: threads }),
        {
          [LOCK_NAMES.spin_lock]: 20 * c,
          [LOCK_NAMES.mutex]: 25 * c,
          [LOCK_NAMES.published]: 40 * c,
          [LOCK_NAMES.engine]: 'this engine has none',
          [C_PTHREAD]: 8 * c,
          [C_FUTEX]: 5 * c,
        },
        KERNEL_LOCKS,
        made,
        prng,
      ),
    ),
  );
}

const fairGroups = (made: Made, prng: Prng): Group[] =>
  Object.values(FAIRNESS_TABLE).map((table, i) =>
    group(
      spec('fairness', table, threadsText(16), { unit: 'share' }),
      { [LOCK_NAMES.spin_lock]: 0.9 + 0.2 * i, [C_FUTEX]: 0.8 + 0.4 * i },
      KERNEL_LOCKS,
      made,
      prng,
    ),
  );

function portGroups(made: Made, prng: Prng): Group[] {
  const c = made.machineSlower;
  const port = c * made.portSlower;
  return Object.values(PORT_COLUMNS).map((column) =>
    group(
      spec('port', PORT_TABLE, column, { baseline: PORT_NAMES.c, relation: 'speed' }),
      {
        [PORT_NAMES.here]: 60 * port,
        [PORT_NAMES.c]: 20 * c,
        ...(column === PORT_COLUMNS.single32 ? { [PORT_NAMES.checked]: 400 * port } : {}),
        ...(column === PORT_COLUMNS.disk32 ? { [PORT_NAMES.kernel]: 400 * c } : {}),
      },
      [PORT_NAMES.here, PORT_NAMES.checked],
      made,
      prng,
    ),
  );
}

function otherGroups(made: Made, prng: Prng): Group[] {
  const latency = group(
    spec('latency', 'synchronize_rcu()', 'median', { baseline: '3 CPUs', relation: 'cost' }),
    { '3 CPUs': 4e4, '16 CPUs': 3e8 },
    ['3 CPUs', '16 CPUs'],
    { ...made, rounds: 3 },
    prng,
  );
  const memory = group(
    spec('memory', MEMORY_TABLE, 'context for 32 events', { unit: 'bytes', what: 'the bytes of each' }),
    { '1 possible CPU': 5312 },
    ['1 possible CPU'],
    { ...made, rounds: 1, noise: 0 },
    prng,
  );
  return [latency, memory];
}

export function makeBench(part: Partial<Made> = {}): Bench {
  const made = { ...DEFAULTS, ...part };
  const prng = new Prng(made.seed);
  const groups = [lockGroups, fairGroups, portGroups, otherGroups].flatMap((make) => make(made, prng));
  return {
    schemaVersion: BENCH_SCHEMA_VERSION,
    startedAt: '2026-11-21T15:00:00.000Z',
    seconds: 42,
    interrupted: false,
    failure: null,
    again: '--rounds 12',
    environment: fixture.environment,
    parts: PARTS,
    rounds: made.rounds,
    windowMs: 60,
    foreign: { median: 0.1, p90: 0.3, limit: 0.4, windows: 100, noisyWindows: 2 },
    groups,
    targets: targetRows(groups),
    comparison: null,
  };
}

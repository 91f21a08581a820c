// SPDX-License-Identifier: GPL-2.0-only
/**
 * How fast the port is to be, as ratios of times of the same round, and how fast it is. A missed target is said and
 * fails nothing: the machine has a say in it.
 *
 * The figures are what a hand-written JavaScript form of the same path, of the same locks, reached beside the same C
 * programs on two cores; the floor is what would be a failure, the moonshot what that form reached with its atomics in
 * WebAssembly.
 */
import { median } from 'simple-statistics';
import {
  contestantOf,
  type Group,
  groupOf,
  type Place,
  type Status,
  type Target,
  type TargetRow,
} from './bench_result.ts';
import { C_FUTEX, C_PTHREAD, LOCK_NAMES, LOCK_TABLE, threadsText } from './parts/locks.ts';
import { PORT_COLUMNS, PORT_NAMES, PORT_TABLE } from './parts/port.ts';
import { counting, ratiosOf, spreadPercent } from './samples.ts';

const portPair = (column: string, here: string, against: string): Pick<Target, 'here' | 'against'> => ({
  here: [PORT_TABLE, column, here],
  against: [PORT_TABLE, column, against],
});
const lockPair = (table: string, threads: number, here: string, against: string): Pick<Target, 'here' | 'against'> => ({
  here: [table, threadsText(threads), here],
  against: [table, threadsText(threads), against],
});
const SPIN = LOCK_NAMES.spin_lock;

export const TARGETS: readonly Target[] = [
  {
    id: 'one-thread',
    what: 'events by 32, one thread, hook compiled in and off; of C',
    ...{ floor: 0.2, target: 0.33, moonshot: 0.6 },
    ...portPair(PORT_COLUMNS.single32, PORT_NAMES.here, PORT_NAMES.c),
  },
  {
    id: 'own-contexts',
    what: 'events, 2 threads with a context each; of C',
    ...{ floor: 0.2, target: 0.35, moonshot: 0.65 },
    ...portPair(PORT_COLUMNS.own2, PORT_NAMES.here, PORT_NAMES.c),
  },
  {
    id: 'shared-context-2',
    what: 'events, one context for 2 threads; of C',
    ...{ floor: 0.5, target: 0.8, moonshot: 1 },
    ...portPair(PORT_COLUMNS.shared2, PORT_NAMES.here, PORT_NAMES.c),
  },
  {
    id: 'shared-context-8',
    what: 'events, one context for 8 threads; of C',
    ...{ floor: 0.5, target: 0.8, moonshot: 1 },
    ...portPair(PORT_COLUMNS.shared8, PORT_NAMES.here, PORT_NAMES.c),
  },
  {
    id: 'checked',
    what: 'events by 32, one thread, every access checked; of C',
    ...{ floor: 0.04, target: 0.13, moonshot: 0.2 },
    ...portPair(PORT_COLUMNS.single32, PORT_NAMES.checked, PORT_NAMES.c),
  },
  {
    id: 'kernel',
    what: "events by 32 with 512 bytes read, one thread; of the kernel's AIO",
    ...{ floor: 1, target: 5, moonshot: 10 },
    ...portPair(PORT_COLUMNS.disk32, PORT_NAMES.here, PORT_NAMES.kernel),
  },
  {
    // 15 ns where C takes 5; the floor is 25, the moonshot 6
    id: 'uncontended',
    what: 'spin_lock and spin_unlock, uncontended; of C',
    ...{ floor: 0.2, target: 0.33, moonshot: 0.83 },
    ...lockPair(LOCK_TABLE.bare, 1, SPIN, C_FUTEX),
  },
  {
    id: 'contended-published',
    what: 'spin_lock with 50 ns inside, 16 threads; of js-lock-and-condition',
    ...{ floor: 1, target: 1.7, moonshot: 2.1 },
    ...lockPair(LOCK_TABLE.held, 16, SPIN, LOCK_NAMES.published),
  },
  {
    id: 'contended-pthread',
    what: 'spin_lock with 50 ns inside, 16 threads; of C pthread_mutex',
    ...{ floor: 1, target: 1.7, moonshot: 2.1 },
    ...lockPair(LOCK_TABLE.held, 16, SPIN, C_PTHREAD),
  },
  {
    id: 'sixteen-against-two',
    what: 'spin_lock with 50 ns inside, 16 threads; of 2 threads',
    ...{ floor: 0.5, target: 0.85, moonshot: 1 },
    here: [LOCK_TABLE.held, threadsText(16), SPIN],
    against: [LOCK_TABLE.held, threadsText(2), SPIN],
  },
];

function statusOf({ floor, target, moonshot }: Target, ratio: number | null): Status {
  if (ratio === null) return 'not measured';
  if (ratio >= moonshot) return 'moonshot';
  if (ratio >= target) return 'met';
  return ratio >= floor ? 'missed' : 'below the floor';
}

/** The table of the targets, in their order. */
export function targetRows(groups: readonly Group[]): TargetRow[] {
  const samplesAt = ([table, column, name]: Place) => contestantOf(groupOf(groups, table, column), name)?.samples ?? [];
  return TARGETS.map((one) => {
    const paired = ratiosOf({ relation: 'speed', unit: 'ns' }, samplesAt(one.here), samplesAt(one.against));
    const { counted, doubt } = counting(paired, ({ noisy }) => noisy);
    const values = counted.map(({ value }) => value);
    const ratio = values.length === 0 ? null : median(values);
    const { id, what, floor, target, moonshot } = one;
    return {
      ...{ id, what, floor, target, moonshot, ratio },
      spreadPercent: spreadPercent(values),
      doubtful: doubt,
      status: statusOf(one, ratio),
    };
  });
}

/** `met`, `missed by 1.40x`. */
export function statusText({ status, ratio, target }: TargetRow): string {
  switch (status) {
    case 'moonshot':
      return 'met, and the moonshot';
    case 'missed':
    case 'below the floor': {
      const times = target / (ratio ?? 1);
      const by = times < 1.005 ? 'just missed' : `missed by ${times.toFixed(2)}x`;
      return status === 'missed' ? by : `${by}, below the floor`;
    }
    default:
      return status;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Locks: the kernel's two, what others would use in JavaScript, and C's, all under the same load: lock, increment,
 * compute for some 50 ns or not at all, unlock. Fairness: how the lockings of a second are shared out among the
 * threads.
 */
import { plural } from '../../text/layout.ts';
import type { GroupSpec } from '../bench_result.ts';
import type { BenchCpus } from '../cpus.ts';
import type { LockName } from '../loads/locks.ts';
import { type Contest, cEntrant, contest, type Entrant, type PartMaker, partOf, type Setup } from '../part.ts';
import type { CRun } from '../yardstick.ts';

/** Steps of computing that take about 50 ns. */
export const STEPS_50_NS = 40;
export const LOCK_TABLE = { bare: 'lock, unlock', held: 'lock, 50 ns, unlock' } as const;
export const FAIRNESS_TABLE = { least: 'least share of a thread', most: 'most share of a thread' } as const;
const WIDTHS = [1, 2, 4, 8, 16] as const;
const QUICK_WIDTHS = [1, 2, 16] as const;
const FAIR_WIDTHS = [4, 16] as const;
const QUICK_FAIR_WIDTHS = [16] as const;
const FAIR_MS = 1000;
/** Of a benchmark with shorter windows, of which a thread's time slice would be too much. */
const FAIR_ROUNDS = 2;

/** What a lock is called in tables. */
export const LOCK_NAMES: Readonly<Record<LockName, string>> = {
  spin_lock: 'spin_lock',
  mutex: 'mutex_lock',
  published: 'js-lock-and-condition',
  spinning: 'spinning for ever',
  engine: 'Atomics.Mutex',
};
const C_LOCKS = [
  { name: 'C pthread_mutex', kind: 'c:pthread_mutex' },
  { name: 'C futex mutex', kind: 'c:mutex2-spin100' },
] as const;
export const C_FUTEX = C_LOCKS[1].name;
export const C_PTHREAD = C_LOCKS[0].name;

export const threadsText = (n: number): string => plural(n, 'thread');
const lockc = (kind: string, threads: number, steps: number): CRun => ({
  program: 'lockc',
  threads,
  args: (ms) => [kind, `${threads}`, `${ms}`, `${steps}`, '0'],
});

/** A lock of ours, tried by so many CPUs, and found out if it lets two in. */
class LockRuns {
  private readonly cpus: BenchCpus;
  private readonly lock: LockName;

  constructor(cpus: BenchCpus, lock: LockName) {
    this.cpus = cpus;
    this.lock = lock;
  }

  private async count(): Promise<number> {
    const [answer] = await this.cpus.window([{ kind: 'count', lock: this.lock }], 0);
    return answer?.operations ?? 0;
  }

  /** @returns lockings of each thread, and the time of all */
  async window(threads: number, steps: number, ms: number): Promise<{ lockings: number[]; ns: number }> {
    const { cpus, lock } = this;
    const before = await this.count();
    const work =
      threads === 1
        ? { kind: 'micro' as const, micro: { load: 'lock' as const, lock, steps } }
        : { kind: 'lock' as const, lock, steps };
    const answers = await cpus.window(new Array(threads).fill(work), ms);
    const lockings = answers.map(({ operations }) => operations);
    const sum = lockings.reduce((all, n) => all + n, 0);
    // tinybench calls once more than it counts, to see whether a call is a promise
    const lost = ((sum - (await this.count()) + before) | 0) > 0;
    if (lost) throw new Error(`${LOCK_NAMES[lock]} let two threads in: the counter is short of ${sum} lockings`);
    return { lockings, ns: Math.max(...answers.map(({ ns }) => ns)) };
  }
}

function jsLocks(
  cpus: BenchCpus,
  { engine }: Setup,
): { who: Pick<Entrant, 'name' | 'ours' | 'absent'>; runs: LockRuns }[] {
  const none = 'this engine has none; V8 has it behind --harmony-struct';
  return (Object.keys(LOCK_NAMES) as LockName[]).map((lock) => ({
    who: {
      name: LOCK_NAMES[lock],
      ours: lock === 'spin_lock' || lock === 'mutex',
      absent: lock === 'engine' && engine === null ? none : null,
    },
    runs: new LockRuns(cpus, lock),
  }));
}

function lockContest(cpus: BenchCpus, threads: number, held: boolean, setup: Setup): Contest {
  const steps = held ? STEPS_50_NS : 0;
  const spec: GroupSpec = {
    part: 'locks',
    table: held ? LOCK_TABLE.held : LOCK_TABLE.bare,
    column: threadsText(threads),
    width: threads,
    unit: 'ns',
    what: 'the time of a lock and unlock, all threads together',
    baseline: C_FUTEX,
    relation: 'speed',
  };
  const entrants: Entrant[] = jsLocks(cpus, setup).map(({ who, runs }) => ({
    ...who,
    warmMs: setup.ms / 3,
    measure: async (ms) => {
      const { lockings, ns } = await runs.window(threads, steps, ms);
      return { values: [ns / lockings.reduce((sum, n) => sum + n, 0)] };
    },
  }));
  const inC = C_LOCKS.map(({ name, kind }) => cEntrant(name, setup.yardstick, lockc(kind, threads, steps)));
  return contest([spec], [...entrants, ...inC]);
}

export const locks: PartMaker = async (setup, rounds) => {
  const widths = setup.quick ? QUICK_WIDTHS : WIDTHS;
  const cpus = await setup.machine();
  const contests = [false, true].flatMap((held) => widths.map((threads) => lockContest(cpus, threads, held, setup)));
  return partOf('locks', { rounds, contests, setup });
};

function fairContest(cpus: BenchCpus, threads: number, setup: Setup): Contest {
  const specs = Object.values(FAIRNESS_TABLE).map(
    (table): GroupSpec => ({
      part: 'fairness',
      table,
      column: threadsText(threads),
      width: threads,
      unit: 'share',
      what: 'shares of a second, by what would be fair',
      baseline: null,
      relation: 'none',
    }),
  );
  const shares = (lockings: readonly number[]): number[] => {
    const fair = lockings.reduce((sum, n) => sum + n, 0) / lockings.length;
    return [Math.min(...lockings) / fair, Math.max(...lockings) / fair];
  };
  const fairMs = (ms: number): number => Math.max(ms, Math.min(FAIR_MS, ms * 100));
  const entrants: Entrant[] = jsLocks(cpus, setup).map(({ who, runs }) => ({
    ...who,
    warmMs: 0,
    measure: async (ms) => ({ values: shares((await runs.window(threads, STEPS_50_NS, fairMs(ms))).lockings) }),
  }));
  const inC = C_LOCKS.map(
    ({ name, kind }): Entrant => ({
      ...cEntrant(name, setup.yardstick, lockc(kind, threads, STEPS_50_NS)),
      measure: async (ms) => {
        const said = await setup.yardstick.measure(lockc(kind, threads, STEPS_50_NS), fairMs(ms));
        return 'skip' in said ? said : { values: [said.least ?? 0, said.most ?? 0], childrenMs: said.cpuMs };
      },
    }),
  );
  return contest(specs, [...entrants, ...inC]);
}

export const fairness: PartMaker = async (setup, rounds) => {
  const widths = setup.quick ? QUICK_FAIR_WIDTHS : FAIR_WIDTHS;
  const cpus = await setup.machine();
  const contests = widths.map((threads) => fairContest(cpus, threads, setup));
  const few = Math.min(rounds, setup.quick ? 1 : FAIR_ROUNDS);
  return partOf('fairness', { rounds: few, contests, setup });
};

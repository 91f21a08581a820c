// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs torture bodies on real threads: boots a machine here, gives each CPU to a piscina thread, and collects what
 * they say.
 *
 * The machine is booted as CPU 0, which then belongs to a thread of the pool: this thread runs no kernel code
 * meanwhile. When a CPU dies, or nobody is ready in time, the machine is aborted, so that a lost wake-up ends as a
 * failed test and not as a hung one.
 */
import { Piscina } from 'piscina';
import { ktime_get, NSEC_PER_MSEC } from '../arch/sab/clock.ts';
import { setAborted, threadOf } from '../arch/sab/control.ts';
import { memory, setHook } from '../arch/sab/memory.ts';
import { unparkCpu } from '../arch/sab/park.ts';
import { isThreadAsleep, type ThreadTime, threadTime } from '../arch/sab/thread.ts';
import type { Perturbation } from '../init/hook.ts';
import { type CpuParams, createMachine, type Machine, start_kernel } from '../init/machine.ts';
import { type OopsRecord, readOopsLog } from '../kernel/oops.ts';
import { bodies } from './bodies/index.ts';
import { addCounts, type Counts } from './body.ts';
import { TEST_ARENA_MIB } from './boot.ts';
import type { TortureResult, TortureTask } from './torture.ts';

export interface TortureOptions {
  readonly threads: number;
  readonly iterations: number;
  readonly variant: string;
  readonly seed: number;
  readonly perturb: Perturbation;
  readonly sanitize: boolean;
  readonly debug: boolean;
  /** After that much the machine is given up, ms, unless a thread still waits for time on a core. */
  readonly patience_ms: number;
}
const DEFAULTS: TortureOptions = {
  threads: 4,
  iterations: 2000,
  variant: '',
  seed: 1,
  perturb: 'none',
  sanitize: false,
  debug: true,
  patience_ms: 25_000,
};

export interface Outcome {
  /** Summed over the CPUs. */
  readonly counts: Counts;
  /** Why CPUs did not get to the end; empty if all did. */
  readonly died: readonly string[];
  /** Nobody got ready in time. */
  readonly hung: boolean;
  readonly records: readonly OopsRecord[];
  readonly machine: Machine;
}

/** Threads of this package's build, whichever of the sources and the build this file is run from. */
const ENTRY = new URL('../../dist/src/testing/torture.js', import.meta.url.replace('/dist/src/', '/src/')).href;
/** How often sleepers are woken while a machine is given up: one that was about to sleep misses the first call, ms. */
const ABORT_EVERY_MS = 10;

const LOOK_MS = 100;
/** Looks in a row at which no thread may wait for a core. */
const LOOKS = 3;
/** What a thread has had that is not waiting for a core in vain, ns. */
const ENOUGH_NS = 5e9;

/** Whether the thread of a CPU would go on if it had more time on a core. */
function waitsForCore(cpu: number, before: ThreadTime | null): boolean {
  const now = threadTime(threadOf(cpu));
  return now !== null && !isThreadAsleep(threadOf(cpu)) && now.ns - (before?.ns ?? 0) < ENOUGH_NS;
}

/** Some threads, for any number of machines one after the other. */
export class TorturePool {
  private readonly piscina: Piscina;

  constructor(threads: number) {
    this.piscina = new Piscina({
      filename: ENTRY,
      minThreads: threads,
      maxThreads: threads,
      workerData: { memory },
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
  }

  /** Boots a machine and runs a body on it. */
  async run(body: string, options: Partial<TortureOptions> = {}): Promise<Outcome> {
    const o = { ...DEFAULTS, ...options };
    const daemons = bodies[body]?.daemons ?? [];
    const roles = [...Array.from({ length: o.threads }, (_, i) => `${body}${i}`), ...daemons];
    const machine = createMachine({ cpus: roles.length, arenaMib: TEST_ARENA_MIB, sanitize: o.sanitize });
    const params: CpuParams = {
      cpu: 0,
      reverted: [],
      seed: o.seed,
      perturb: o.perturb,
      debug: o.debug,
      roles,
      bootTime: ktime_get(),
    };
    start_kernel(machine, params, 1);
    setHook(null);

    let hung = false;
    let abortion: NodeJS.Timeout | null = null;
    const abort = (): void => {
      setAborted(true);
      abortion ??= setInterval(() => {
        for (let cpu = 0; cpu < roles.length; cpu++) unparkCpu(cpu);
      }, ABORT_EVERY_MS);
    };
    const until = ktime_get() + o.patience_ms * NSEC_PER_MSEC;
    const before: (ThreadTime | null)[] = [];
    let looks = 0;
    const watchdog = setInterval(() => {
      const waits = roles.some((_, cpu) => {
        before[cpu] ??= threadTime(threadOf(cpu));
        return waitsForCore(cpu, before[cpu] ?? null);
      });
      looks = ktime_get() < until || waits ? 0 : looks + 1;
      if (looks < LOOKS) return;
      hung = true;
      abort();
    }, LOOK_MS);
    const results = await Promise.all(
      roles.map(async (_, cpu) => {
        const task: TortureTask = {
          machine,
          params: { ...params, cpu },
          body,
          daemon: daemons[cpu - o.threads] ?? null,
          threads: o.threads,
          iterations: o.iterations,
          variant: o.variant,
        };
        const result: TortureResult = await this.piscina.run(task);
        if (result.died !== null) abort();
        return result;
      }),
    );
    clearInterval(watchdog);
    if (abortion !== null) clearInterval(abortion);
    return {
      counts: results.reduce<Counts>((sum, { counts }) => addCounts(sum, counts), {}),
      died: results.flatMap(({ died }) => (died === null ? [] : [died])),
      hung,
      records: readOopsLog(machine.oops).records,
      machine,
    };
  }

  async destroy(): Promise<void> {
    await this.piscina.destroy();
  }
}

/** What is wrong with an outcome, a line each; empty if nothing is. */
export function complaints(outcome: Outcome): string[] {
  const errors = outcome.counts['errors'] ?? 0;
  return [
    ...(errors === 0 ? [] : [`${errors} errors`]),
    ...(outcome.hung ? ['hung'] : []),
    ...outcome.died.filter((why) => why !== 'aborted'),
    ...outcome.records.map(({ kind, title, text }) => [`${kind}: ${title}`, ...text].join('; ')),
  ];
}

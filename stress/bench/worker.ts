// SPDX-License-Identifier: GPL-2.0-only
/**
 * A CPU of a benchmark: the entry of its piscina thread. It joins the machine once, then runs one window after the
 * other.
 */
import { sched_clock } from '../../src/arch/sab/clock.ts';
import { type Words, wordAdd, wordLoad, wordNotify, wordWait } from '../../src/arch/sab/words.ts';
import { type CpuParams, type Machine, start_secondary } from '../../src/init/machine.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import { become } from '../../src/user/process.ts';
import { type AioLoad, BATCH_MAX, submitAndReap } from './aio_load.ts';
import { type LockLoad, spinLockings } from './lock_load.ts';

export interface BenchTask {
  readonly machine: Machine;
  readonly params: Omit<CpuParams, 'cpu'>;
  /** A word: threads that have joined. A thread takes the next CPU, and stays that CPU. */
  readonly joined: Words;
  readonly locks: LockLoad;
  readonly aio: AioLoad;
  /** A word of its own for each window: threads that are ready. */
  readonly ready: Words;
  readonly threads: number;
  /** length of the window */
  readonly ms: number;
  readonly work:
    | { readonly kind: 'lock' /** steps inside the lock */; readonly steps: number }
    | { readonly kind: 'aio'; readonly sharedContext: boolean };
}
export interface BenchResult {
  readonly operations: number;
  /** of the window as this thread saw it */
  readonly ns: number;
}

/** Lockings between two looks at the clock. */
const CHUNK = 200;
/** The CPU that this thread is, -1 until it has joined. */
let cpu = -1;

/** Waits until all threads are there. */
function gather(ready: Words, threads: number): void {
  wordAdd(ready, 0, 1);
  wordNotify(ready, 0);
  for (let seen = wordLoad(ready, 0); seen < threads; seen = wordLoad(ready, 0)) wordWait(ready, 0, seen, 1);
}

export default function benchCpu(task: BenchTask): BenchResult {
  if (cpu < 0) {
    cpu = wordAdd(task.joined, 0, 1);
    start_secondary(task.machine, { ...task.params, cpu });
    become(task.aio.process);
  }
  const { work } = task;
  const context = work.kind === 'aio' && work.sharedContext ? 0 : cpu;
  gather(task.ready, task.threads);
  const start = sched_clock();
  const end = start + task.ms * 1e6;
  let operations = 0;
  let now = start;
  while (now < end) {
    if (work.kind === 'lock') {
      kernel_enter();
      spinLockings(task.locks, CHUNK, work.steps);
      kernel_exit();
      operations += CHUNK;
    } else {
      for (let i = 0; i < CHUNK / BATCH_MAX; i++) operations += submitAndReap(task.aio, cpu, context, BATCH_MAX);
    }
    now = sched_clock();
  }
  return { operations, ns: now - start };
}

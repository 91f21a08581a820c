// SPDX-License-Identifier: GPL-2.0-only
/**
 * How long a CPU waits: for a grace period of RCU, and in io_destroy().
 *
 * Both need other CPUs: a grace period is over when each of them has been seen outside of the kernel, and io_destroy()
 * needs a grace period, and a kworker.
 */
import { quantile } from 'simple-statistics';
import { sched_clock } from '../../../src/arch/sab/clock.ts';
import { type Words, wordLoad, wordStore } from '../../../src/arch/sab/words.ts';
import { sys_io_destroy, sys_io_setup } from '../../../src/fs/aio/syscalls.ts';
import { rcu_gp_kthread, rcu_kick, synchronize_rcu } from '../../../src/kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../../../src/kernel/sched/core.ts';
import { worker_thread, workqueue_kick } from '../../../src/kernel/workqueue.ts';
import { peek, poke } from '../../../src/user/libaio.ts';
import { type AioLoad, handleWord } from './aio.ts';

export const LATENCIES = ['synchronize_rcu()', 'io_destroy()'] as const;
/** Of the times of a window; more nines need more times than a window has. */
const QUANTILES = [0.5, 0.9] as const;
/** Slots of the context that is destroyed. */
const NR_EVENTS = 64;

/** The grace-period thread, or a kworker, until the window is over. @param stop - a word that then is not 0 */
export function serve(daemon: 'rcu' | 'kworker', stop: Words): void {
  const done = (): boolean => wordLoad(stop, 0) !== 0;
  kernel_enter();
  if (daemon === 'rcu') rcu_gp_kthread(done);
  else worker_thread(done);
  kernel_exit();
}

function gracePeriod(): number {
  kernel_enter();
  const start = sched_clock();
  synchronize_rcu();
  const ns = sched_clock() - start;
  kernel_exit();
  return ns;
}

function destruction(load: AioLoad, area: number): number {
  const handle = handleWord(load, area);
  poke(handle, 0);
  const ret = sys_io_setup(NR_EVENTS, handle);
  if (ret !== 0) throw new Error(`io_setup() failed: ${ret}`);
  const start = sched_clock();
  const destroyed = sys_io_destroy(peek(handle));
  const ns = sched_clock() - start;
  if (destroyed !== 0) throw new Error(`io_destroy() failed: ${destroyed}`);
  return ns;
}

/** Once at least: with many CPUs on few cores a call may take longer than the window. */
function quantilesOf(measure: () => number, until: number): number[] {
  const seen: number[] = [];
  do seen.push(measure());
  while (sched_clock() < until);
  return QUANTILES.map((q) => quantile(seen, q));
}

/** Measures half of the time each, then ends the window for all. @returns ns, for each of LATENCIES each quantile */
export function measureLatency(load: AioLoad, area: number, ms: number, stop: Words): number[] {
  const half = (ms * 1e6) / 2;
  const gracePeriods = quantilesOf(gracePeriod, sched_clock() + half);
  const destructions = quantilesOf(() => destruction(load, area), sched_clock() + half);
  wordStore(stop, 0, 1);
  kernel_enter();
  rcu_kick();
  workqueue_kick();
  kernel_exit();
  return [...gracePeriods, ...destructions];
}

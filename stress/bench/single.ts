// SPDX-License-Identifier: GPL-2.0-only
/** What one thread can do, measured by tinybench in this thread. */
import { Bench } from 'tinybench';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import { type AioLoad, BATCH_MAX, submitAndReap } from './aio_load.ts';
import { type LockLoad, mutexLockings, spinLockings } from './lock_load.ts';
import type { Samples } from './samples.ts';
import type { CRun, Yardstick } from './yardstick.ts';

interface Part {
  readonly samples: Samples;
  readonly c: CRun;
  readonly operationsPerCall: number;
  readonly call: () => void;
}

/** Operations between two readings of the clock, so that reading it costs nothing. */
const CHUNK = 1024;
const lockc = (kind: string): CRun => ({ program: 'lockc', args: (ms) => [kind, '1', `${ms}`, '0', '0'] });
const aioHot = (batch: number): CRun => ({
  program: 'aio_hot',
  args: (ms) => ['S', '1', `${batch}`, `${ms}`, '1', '1'],
});

function inKernel(step: () => void): void {
  kernel_enter();
  step();
  kernel_exit();
}

const part = (name: string, operation: string, c: CRun, call: () => void): Part => ({
  samples: { name, threads: 1, operation, here: [], c: [] },
  c,
  operationsPerCall: CHUNK,
  call,
});

function aioPart(aio: AioLoad, batch: number): Part {
  return part(`submit, complete, reap by ${batch}`, 'event', aioHot(batch), () => {
    for (let events = 0; events < CHUNK; ) events += submitAndReap(aio, 0, 0, batch);
  });
}

/** The parts, to be measured round by round. */
export function singleParts(locks: LockLoad, aio: AioLoad): Part[] {
  return [
    part('spin_lock, spin_unlock', 'pair', lockc('c:mutex2-spin100'), () =>
      inKernel(() => spinLockings(locks, CHUNK, 0)),
    ),
    part('mutex_lock, mutex_unlock', 'pair', lockc('c:pthread_mutex'), () =>
      inKernel(() => mutexLockings(locks, CHUNK)),
    ),
    aioPart(aio, 1),
    aioPart(aio, BATCH_MAX),
  ];
}

/** One window of `ms` of a part, after one in C. @returns nothing; the samples get one number each */
export async function measureSingle(p: Part, yardstick: Yardstick, ms: number, counts: boolean): Promise<void> {
  const inC = await yardstick.measure(p.c, ms);
  const bench = new Bench({ time: ms, iterations: 1, warmup: false, throws: true });
  bench.add(p.samples.name, p.call).runSync();
  const result = bench.tasks[0]?.result;
  if (result?.state !== 'completed') throw new Error(`${p.samples.name} was not measured: ${result?.state}`);
  if (!counts) return;
  p.samples.here.push((result.latency.mean * 1e6) / p.operationsPerCall);
  if (inC !== null) p.samples.c.push(inC);
}

// SPDX-License-Identifier: GPL-2.0-only
/** What several threads can do: windows on piscina threads that live as long as the benchmark. */
import { Piscina } from 'piscina';
import { memory } from '../../src/arch/sab/memory.ts';
import { createWords, type Words } from '../../src/arch/sab/words.ts';
import type { CpuParams, Machine } from '../../src/init/machine.ts';
import type { AioLoad } from './aio_load.ts';
import { BATCH_MAX } from './aio_load.ts';
import type { LockLoad } from './lock_load.ts';
import type { Samples } from './samples.ts';
import type { BenchResult, BenchTask } from './worker.ts';
import type { CRun, Yardstick } from './yardstick.ts';

/** Most threads of a window. */
export const THREADS_MAX = 16;
/** Steps of computing that take about 50 ns. */
const STEPS_50_NS = 40;

export interface ThreadPart {
  readonly samples: Samples;
  /** null: there is nothing to compare with */
  readonly c: CRun | null;
  readonly work: BenchTask['work'];
}

const lockPart = (threads: number): ThreadPart => ({
  samples: { name: 'spin_lock, 50 ns, spin_unlock', threads, operation: 'pair', here: [], c: [] },
  c: { program: 'lockc', args: (ms) => ['c:mutex2-spin100', `${threads}`, `${ms}`, `${STEPS_50_NS}`, '0'] },
  work: { kind: 'lock', steps: STEPS_50_NS },
});
const aioPart = (threads: number, sharedContext: boolean): ThreadPart => ({
  samples: {
    name: sharedContext ? 'aio, one context for all' : 'aio, a context for each',
    threads,
    operation: 'event',
    here: [],
    c: [],
  },
  c: {
    program: 'aio_hot',
    args: (ms) => ['A', `${threads}`, `${BATCH_MAX}`, `${ms}`, '1', sharedContext ? '1' : 'N'],
  },
  work: { kind: 'aio', sharedContext },
});

export const threadParts = (): ThreadPart[] => [
  lockPart(2),
  lockPart(4),
  lockPart(THREADS_MAX),
  aioPart(2, true),
  aioPart(8, true),
  aioPart(2, false),
];

/** The threads. This thread runs no kernel code while one of them does. */
export class BenchThreads {
  private readonly piscina: Piscina;
  private readonly joined: Words = createWords(1);
  private readonly machine: Machine;
  private readonly params: Omit<CpuParams, 'cpu'>;
  private readonly locks: LockLoad;
  private readonly aio: AioLoad;

  constructor(threads: number, machine: Machine, params: Omit<CpuParams, 'cpu'>, locks: LockLoad, aio: AioLoad) {
    this.piscina = new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      workerData: { memory },
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
    });
    this.machine = machine;
    this.params = params;
    this.locks = locks;
    this.aio = aio;
  }

  /** One window of `ms`, after one in C. */
  async measure({ samples, c, work }: ThreadPart, yardstick: Yardstick, ms: number, counts: boolean): Promise<void> {
    const inC = c === null ? null : await yardstick.measure(c, ms);
    const task: BenchTask = {
      machine: this.machine,
      params: this.params,
      joined: this.joined,
      locks: this.locks,
      aio: this.aio,
      ready: createWords(1),
      threads: samples.threads,
      ms,
      work,
    };
    const results: BenchResult[] = await Promise.all(
      Array.from({ length: samples.threads }, () => this.piscina.run(task)),
    );
    if (!counts) return;
    const operations = results.reduce((sum, r) => sum + r.operations, 0);
    samples.here.push(Math.max(...results.map((r) => r.ns)) / operations);
    if (inC !== null) samples.c.push(inC);
  }

  async close(): Promise<void> {
    await this.piscina.destroy();
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** Starts the threads of a pool: one long task each. */
import { Piscina } from 'piscina';
import { checkHost, threadsStarted, tooFewThreads } from './limits.ts';

/**
 * @param filename - of the compiled entry
 * @param memory - that RAM is in, for src/arch/sab/ram.ts
 * @throws HostLimit
 */
export function startThreads(filename: string, threads: number, memory: WebAssembly.Memory): Piscina {
  checkHost(threads);
  const before = threadsStarted();
  try {
    const pool = new Piscina({
      filename,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      workerData: { memory },
    });
    // Of a thread without a task, that piscina has started for one that has failed: whose task that was is told by it.
    pool.on('error', () => {});
    return pool;
  } catch (error) {
    const refused = error instanceof Error && error.message === 'EAGAIN';
    throw refused ? tooFewThreads(threads, threadsStarted() - before) : error;
  }
}

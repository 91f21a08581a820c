// SPDX-License-Identifier: GPL-2.0-only
/** CPU time of this thread, where the engine or the system tells it. */
import { threadTime } from '../../src/arch/sab/thread.ts';
import { createWords, wordWait } from '../../src/arch/sab/words.ts';

/** Long enough to be asleep. */
const NAP_MS = 0.05;
const bed = createWords(1);

/**
 * CPU time that this thread has used, ns; null where that is not known. Some ten us a call.
 *
 * Linux brings its count up to date when the thread leaves the core, so it takes a nap first.
 */
export function threadCpuNs(): number | null {
  if (typeof process.threadCpuUsage === 'function') {
    const { user, system } = process.threadCpuUsage();
    return (user + system) * 1000;
  }
  wordWait(bed, 0, 0, NAP_MS);
  return threadTime('own')?.ns ?? null;
}

// SPDX-License-Identifier: GPL-2.0-only
/** Threads as Linux sees them: their numbers, and the CPU time that each has had. */
import { readFileSync, readlinkSync } from 'node:fs';

/** What a thread has had of the host's cores. */
export interface ThreadTime {
  /** Time on a core, ns. */
  readonly ns: number;
  /** How often it got one. */
  readonly slices: number;
}

/**
 * @param thread - its number, or that of the caller
 * @param process - that it is of @returns null where the host does not say
 */
export function threadTime(thread: number | 'own', process: number | 'self' = 'self'): ThreadTime | null {
  const path = thread === 'own' ? '/proc/thread-self/schedstat' : `/proc/${process}/task/${thread}/schedstat`;
  try {
    const [ns, , slices] = readFileSync(path, 'latin1').split(' ').map(Number);
    return ns === undefined || slices === undefined ? null : { ns, slices };
  } catch {
    return null;
  }
}

/** @returns the number of the calling thread, 0 where the host does not say */
export function ownThread(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** `R` if the thread runs or waits for its turn on a core, `S` if it sleeps, `D` if no signal ends that; or others. */
export function threadState(thread: number, process: number | 'self' = 'self'): string {
  try {
    // The name before the state is in brackets, and may be anything.
    return /\) (\w) [^)]*$/.exec(readFileSync(`/proc/${process}/task/${thread}/stat`, 'latin1'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** Whether the thread sleeps, and not only waits for its turn on a core. */
export const isThreadAsleep = (thread: number): boolean => threadState(thread) === 'S';
/** Whether it sleeps, be it so that no signal wakes it. */
export const isThreadBlocked = (thread: number, process: number | 'self' = 'self'): boolean =>
  ['S', 'D'].includes(threadState(thread, process));

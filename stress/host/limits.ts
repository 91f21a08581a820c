// SPDX-License-Identifier: GPL-2.0-only
/**
 * What threads need of the host, and how its refusal is told from a bug of what runs on them: the first is a sentence
 * about a limit, the second a finding.
 */
import { readdirSync } from 'node:fs';
import { ALLOWED, addressSpaceUsedGib, HostLimit } from '../../src/arch/sab/host_limit.ts';

/** Address space that V8 reserves for a thread, GiB; most of it never becomes memory. */
const THREAD_GIB = 0.55;
/** What the heaps of a run, and its stacks and buffers, grow by, GiB. */
const GROWTH_GIB = 0.75;
/** Files that a thread has open. */
const THREAD_FILES = 4;
/** Files that are open for a moment while threads load their code, and while the program does before. */
const LOADING_FILES = 40;
const PROGRAM_FILES = 60;

/** Entries of a folder of /proc/self; 0 where there is none. */
function countIn(folder: string): number {
  try {
    return readdirSync(`/proc/self/${folder}`).length;
  } catch {
    return 0;
  }
}

/** OS threads of this process. */
export const threadsStarted = (): number => countIn('task');

function checkAddressSpace(threads: number): void {
  const [used, allowed] = [addressSpaceUsedGib(), ALLOWED.addressSpaceGib];
  const needed = used + threads * THREAD_GIB + GROWTH_GIB;
  if (needed <= allowed) return;
  throw new HostLimit(
    `RAM and ${threads} threads need ${needed.toFixed(1)} GiB of address space, of which little becomes memory, and ` +
      `ulimit -v allows ${allowed.toFixed(1)} GiB; type ulimit -v unlimited and the same again`,
    Math.floor((allowed - used - GROWTH_GIB) / THREAD_GIB),
  );
}

function checkFiles(threads: number, others: number): void {
  const [open, allowed] = [countIn('fd'), ALLOWED.files];
  const needed = open + threads * THREAD_FILES + others;
  if (needed <= allowed) return;
  throw new HostLimit(
    `${needed} files must be open${threads > 0 ? ` with ${threads} threads` : ''}, and ulimit -n allows ${allowed}; ` +
      `type ulimit -n ${needed} and the same again`,
    Math.floor((allowed - open - others) / THREAD_FILES),
  );
}

/** Whether threads may be started: where there is no room for one, V8 ends the process. @throws HostLimit */
export function checkHost(threads: number): void {
  checkAddressSpace(threads);
  checkFiles(threads, LOADING_FILES);
}

/** @param started - of the threads */
export function tooFewThreads(threads: number, started: number): HostLimit {
  const limit = Number.isFinite(ALLOWED.threads)
    ? `as many as ulimit -u allows, which is ${ALLOWED.threads}, or pids.max of a container; ` +
      `type ulimit -u ${ALLOWED.threads + threads - started}`
    : 'as many as pids.max of a container allows; raise that';
  return new HostLimit(`${started} of ${threads} threads could be started, ${limit} and the same again`, started);
}

/** Messages of Node and V8, and what they come from. */
const REFUSALS: readonly (readonly [RegExp, (message: string) => string])[] = [
  [
    /\bE[MN]FILE\b/,
    () => `more files must be open than ulimit -n allows, ${ALLOWED.files}; type ulimit -n 2048 and the same again`,
  ],
  [
    /JS heap out of memory/,
    () =>
      'a thread used up its heap, which NODE_OPTIONS or little memory keeps small; ' +
      'type NODE_OPTIONS=--max-old-space-size=1024 before the same command, or fewer threads',
  ],
  [
    /Array buffer allocation failed|WebAssembly\.\w+\(\): .*memory|\bENOMEM\b/,
    (message) => `the host refuses memory, ${message}; type ulimit -v unlimited and the same again, or fewer threads`,
  ],
  [
    /worker exited with code|Terminating worker thread|Worker initialization failure/,
    (message) => `a thread ended that was to go on, ${message}; type the same again, or fewer threads`,
  ],
];

/** What the host has refused, if an error says that; null for an error of the program. */
export function refusedByHost(error: unknown): HostLimit | null {
  if (error instanceof HostLimit) return error;
  const message = error instanceof Error ? error.message : '';
  const sentence = REFUSALS.find(([pattern]) => pattern.test(message))?.[1];
  return sentence === undefined ? null : new HostLimit(sentence(message), 0, error);
}

/** With fewer threads hardly a scenario runs. */
const THREADS_LEAST = 4;

/**
 * Loads and runs what may need more than the host allows.
 *
 * @param threads - as many as --threads says; 0 where it says nothing
 * @throws HostLimit
 */
export async function withinLimits<T>(threads: number, work: () => Promise<T>): Promise<T> {
  try {
    checkFiles(threads, PROGRAM_FILES);
    return await work();
  } catch (error) {
    const refused = refusedByHost(error);
    if (refused === null) throw error;
    if (threads === 0 || refused.threads < THREADS_LEAST) throw refused;
    throw new HostLimit(`${refused.message}, or fewer threads, as --threads ${refused.threads}`);
  }
}

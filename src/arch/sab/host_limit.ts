// SPDX-License-Identifier: GPL-2.0-only
/** What the host allows this process. */
import { readFileSync } from 'node:fs';

/**
 * The host refuses what a run needs. The message is a sentence: what is needed, what is allowed, what to type. Where it
 * was thrown does not matter, so that is its stack, too.
 */
export class HostLimit extends Error {
  override readonly name = 'HostLimit';
  /** Threads for which there is enough; 0 where that is not known. */
  readonly threads: number;

  constructor(message: string, threads = 0, cause?: unknown) {
    super(message, { cause });
    this.threads = threads;
    this.stack = message;
  }
}

/** A file of /proc/self; empty where there is none. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** The number behind a name; Infinity if there is none. */
const numberIn = (text: string, name: string): number =>
  Number(new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.POSITIVE_INFINITY);

const KIB_IN_GIB = 2 ** 20;
const limits = readProc('limits');

/**
 * What this process may have; Infinity where that is not limited. It is read now: who may open no file any more cannot
 * read it.
 */
export const ALLOWED = {
  /** `ulimit -v` */
  addressSpaceGib: numberIn(limits, 'Max address space') / (1024 * KIB_IN_GIB),
  /** `ulimit -n` */
  files: numberIn(limits, 'Max open files'),
  /** `ulimit -u`: processes and threads of its user */
  threads: numberIn(limits, 'Max processes'),
} as const;

/** What it has mapped; Infinity where the system does not say. */
export const addressSpaceUsedGib = (): number => numberIn(readProc('status'), 'VmSize:') / KIB_IN_GIB;

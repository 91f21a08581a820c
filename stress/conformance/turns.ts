// SPDX-License-Identifier: GPL-2.0-only
/**
 * Turns among the processes of this host that run traces: /proc/sys/fs/aio-nr counts the contexts of them all.
 *
 * A trace that looks at it runs while no other of ours runs. A process that ends gives its turn up by itself.
 */
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Native, NR } from './native.ts';

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_UN = 8;

/** @returns what takes a turn and ends it */
export function openTurns(native: Native): { take(alone: boolean): void; end(): void } {
  let fd = -1;
  try {
    fd = openSync(join(tmpdir(), 'kioctx-conformance.lock'), 'a', 0o666);
  } catch {
    // Another user's file: then there are no turns with that user's processes.
  }
  const flock = (how: number): void => {
    if (fd >= 0) native.syscall(NR.flock, fd, how);
  };
  return { take: (alone) => flock(alone ? LOCK_EX : LOCK_SH), end: () => flock(LOCK_UN) };
}

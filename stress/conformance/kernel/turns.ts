// SPDX-License-Identifier: GPL-2.0-only
/**
 * Turns among the processes of this host that run traces: /proc/sys/fs/aio-nr counts the contexts of them all, and
 * aio-max-nr is the limit of them all.
 *
 * A trace that looks at one of them runs while no other of ours runs. A process that ends gives its turn up by itself.
 * What the limit was before a trace changed it stands in a file; who takes a turn and finds that file takes over from
 * one that was killed, and sets the limit back.
 */
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Native, NR } from './native.ts';

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_UN = 8;
const LOCK = join(tmpdir(), 'kioctx-conformance.lock');
const BEFORE = join(tmpdir(), 'kioctx-conformance.aio-max-nr');
export const AIO_MAX_NR = '/proc/sys/fs/aio-max-nr';

export class Turns {
  private readonly native: Native;
  private readonly fd: number;

  constructor(native: Native) {
    this.native = native;
    this.fd = openLock();
  }

  /** Waits for a turn. @param alone - with nobody else */
  take(alone: boolean): void {
    this.flock(alone ? LOCK_EX : LOCK_SH);
    restoreAioMaxNr();
  }

  end(): void {
    this.flock(LOCK_UN);
  }

  private flock(how: number): void {
    if (this.fd >= 0) this.native.syscall(NR.flock, this.fd, how);
  }
}

function openLock(): number {
  // Another user's file can be read, which is enough for a lock.
  for (const flags of ['a', 'r']) {
    try {
      return openSync(LOCK, flags);
    } catch {}
  }
  // There are no turns then; only what is said of the whole host can be wrong.
  return -1;
}

/** Until restoreAioMaxNr(). @context alone */
export function setAioMaxNr(limit: number): void {
  if (!existsSync(BEFORE)) writeFileSync(BEFORE, readFileSync(AIO_MAX_NR));
  writeFileSync(AIO_MAX_NR, String(limit));
}

/** @context has a turn */
export function restoreAioMaxNr(): void {
  try {
    writeFileSync(AIO_MAX_NR, readFileSync(BEFORE));
    rmSync(BEFORE);
  } catch {
    // Nobody has changed it, or another one has set it back meanwhile.
  }
}

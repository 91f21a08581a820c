// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether a system call that does not return hangs, or only waits for a machine that is too busy.
 *
 *   asleep   the thread sleeps in the kernel all the time, and whoever was to wake it has had that time, too
 *   awake    the thread has had so much of a core, and has not come back
 *
 * Whatever else lasts too long says nothing of the kernel; stress/round/watchdog.ts judges the port by the same rule.
 */
import { type ThreadTime, threadState, threadTime } from '../../../src/arch/sab/thread.ts';
import { hadChance, ObservedTime, type Standstill, starvedReason } from '../../round/watchdog.ts';

/** How often the time that a step may take has to pass where nothing is proven. */
const PATIENCE = 20;

export class ChildWatch {
  private readonly pid: number;
  private readonly allowedMs: number;
  private observed = new ObservedTime();
  private progress = Number.NaN;
  private begun: ThreadTime | null = null;
  private slices = Number.NaN;
  private asleepMs = 0;

  /** @param pid - whose first thread makes the calls @param allowedMs - how long one of them may take */
  constructor(pid: number, allowedMs: number) {
    this.pid = pid;
    this.allowedMs = allowedMs;
  }

  /**
   * @param progress - changes with each answer
   * @param waitsMs - how long the call is to wait at most, by its own arguments
   * @returns null while there is nothing to say
   */
  look(progress: number, waitsMs: number): Standstill | null {
    const now = threadTime(this.pid, this.pid);
    if (progress !== this.progress) {
      this.progress = progress;
      this.observed = new ObservedTime();
      this.begun = now;
      this.asleepMs = 0;
    }
    const step = this.observed.look();
    const isAsleep = /[SD]/.test(threadState(this.pid, this.pid));
    const slept = isAsleep && this.slices === (now?.slices ?? this.slices);
    this.asleepMs = slept ? this.asleepMs + step : 0;
    this.slices = now?.slices ?? 0;
    const allowedMs = this.allowedMs + waitsMs;
    const had = now === null || this.begun === null ? null : since(this.begun, now);
    if (this.asleepMs >= allowedMs || hadChance(had, { ns: this.allowedMs * 1e6, slices: Number.POSITIVE_INFINITY })) {
      return { hang: true };
    }
    if (this.observed.ms < PATIENCE * allowedMs) return null;
    return { hang: false, reason: starvedReason('it', [had], this.observed.ms) };
  }
}

const since = (before: ThreadTime, now: ThreadTime): ThreadTime => ({
  ns: now.ns - before.ns,
  slices: now.slices - before.slices,
});

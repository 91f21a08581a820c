// SPDX-License-Identifier: GPL-2.0-only
/**
 * Threads that sleep in system calls of the host's kernel, as the main thread sees them.
 *
 * A thread says in which call it is, and whether that has a due time (host_kernel.ts). One that sleeps in a call
 * without one, and has had no moment on a core for so long that no disk takes as much, sleeps for good. One that waits
 * for a core is not asleep, however long that lasts.
 */
import { isOut, parkedOn, sleepsOf, sleepsUntimed, threadOf } from '../../../src/arch/sab/control.ts';
import { isThreadBlocked, threadTime } from '../../../src/arch/sab/thread.ts';
import type { Role } from '../../../workers/protocol.ts';
import { ObservedTime, type Onlooker } from '../../round/watchdog.ts';
import { NR } from '../kernel/native.ts';

/** Since when a thread has been asleep in the same call, ms observed. */
interface Sleep {
  readonly sleeps: number;
  readonly slices: number;
  readonly since: number;
}

const callName = (nr: number): string => Object.entries(NR).find(([, number]) => number === nr)?.[0] ?? `call ${nr}`;

export class Sleepers implements Onlooker {
  private readonly roles: readonly Role[];
  private readonly forGoodMs: number;
  private readonly observed = new ObservedTime();
  private readonly sleeps: (Sleep | null)[];

  /** @param forGoodMs - how long a thread must have slept to sleep for good */
  constructor(roles: readonly Role[], forGoodMs: number) {
    this.roles = roles;
    this.forGoodMs = forGoodMs;
    this.sleeps = roles.map(() => null);
  }

  private look(): void {
    this.observed.look();
    this.sleeps.forEach((before, cpu) => {
      const now = this.sleepOf(cpu);
      const same = now !== null && before?.sleeps === now.sleeps && before.slices === now.slices;
      if (!same) this.sleeps[cpu] = now;
    });
  }

  /** null for a thread that may wake by itself, or is not asleep */
  private sleepOf(cpu: number): Sleep | null {
    const sleeps = sleepsOf(cpu);
    if (isOut(cpu) || !sleepsUntimed(cpu) || !isThreadBlocked(threadOf(cpu))) return null;
    const time = threadTime(threadOf(cpu));
    return time === null ? null : { sleeps, slices: time.slices, since: this.observed.ms };
  }

  private sleepsForGood(cpu: number): boolean {
    const sleep = this.sleeps[cpu] ?? null;
    return sleep !== null && this.observed.ms - sleep.since > this.forGoodMs;
  }

  isStill(): boolean {
    this.look();
    const inside = this.roles.map((_, cpu) => cpu).filter((cpu) => !isOut(cpu));
    return inside.length > 0 && inside.every((cpu) => this.sleepsForGood(cpu));
  }
  mayGoOn(cpu: number): boolean {
    return !isOut(cpu) && !this.sleepsForGood(cpu);
  }
  isInDoubt(): boolean {
    return false;
  }

  /** Where the threads are that have not come. */
  text(): string {
    const inside = this.roles.flatMap((role, cpu) => {
      if (isOut(cpu)) return [];
      const nr = parkedOn(cpu);
      return [`thread ${cpu} (${role}) ${nr === 0 ? 'is outside of the kernel' : `is in ${callName(nr)}()`}`];
    });
    return inside.join(', ');
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space on one CPU, as a role has it: turns, and the pauses between them.
 *
 * Everything here knows the API's promises and nothing of the kernel's insides. What breaks a promise is recorded at
 * once.
 */
import { sched_clock } from '../src/arch/sab/clock.ts';
import { SegmentationFault } from '../src/user/event.ts';
import { Batch } from './batch.ts';
import { FreedBuffers } from './freed_buffers.ts';
import type { Kernel } from './kernel.ts';
import { Syscalls } from './syscalls.ts';

/** Threads with few turns begin at a multiple of this. */
const BEGIN_NS = 1_000_000;

/** One CPU's user space. Roles that need more of the kernel than Kernel has say of which one they are. */
export class User<K extends Kernel = Kernel> extends Syscalls<K> {
  readonly batch = new Batch(this);
  readonly freed = new FreedBuffers(this);
  private turn = 0;

  /** The same thread in another process, with its memory at `area`. */
  at(area: number): User<K> {
    return new User(this.cpu, this.plan, this.kernel, this.ledger, this.meter, area);
  }

  /** Whether the round goes on, and this thread has a turn left; takes one. */
  takeTurn(): boolean {
    const { turns } = this.plan.workload;
    return this.running() && (turns === 0 || this.turn++ < turns);
  }

  /** Takes turns until the round ends. @param mayFault - whether SIGSEGV ends the turn only */
  turns(turn: (user: User<K>) => void, mayFault = false): void {
    while (this.takeTurn()) {
      try {
        turn(this);
      } catch (error) {
        if (!mayFault || !(error instanceof SegmentationFault)) throw error;
        this.count('SIGSEGV');
      }
      this.rest();
    }
  }

  /** Before a turn: threads with few of them wait for each other, and for the contexts to be opened. */
  begin(): void {
    if (this.plan.workload.turns > 0) this.kernel.idle(BEGIN_NS - (sched_clock() % BEGIN_NS));
  }

  /** There was no context to use. Of a few turns none is spent on that: it has only not been opened yet. */
  awaitContext(): void {
    if (this.plan.workload.turns === 0) {
      this.pause(200);
      return;
    }
    this.turn--;
    this.begin();
  }

  /** The pause that the workload gives this role between two steps. */
  rest(): void {
    const role = this.plan.roles[this.cpu];
    const us = role === undefined ? 0 : (this.plan.workload.pauseUs[role] ?? 0);
    if (us > 0) this.pause(us);
  }
}

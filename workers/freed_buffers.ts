// SPDX-License-Identifier: GPL-2.0-only
/**
 * Buffers that user space has freed: filled with a pattern, and kept for a while to see whether anybody writes them.
 *
 * This is the complaint of e02ba72aabfa: "if the buffer is allocated by some other user he'll be surprised".
 */
import { objectRef } from '../src/kernel/object_ref.ts';
import type { Syscalls } from './syscalls.ts';

const FREED = 0x0f4eed00;
const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

/** The buffers of one thread's entries, handed out in turn. */
export class FreedBuffers {
  private readonly user: Syscalls;
  private readonly first: number;
  private readonly bytes: number;
  private readonly count: number;
  private next = 0;
  /** Freed ones, oldest first. */
  private readonly freed: number[] = [];

  constructor(user: Syscalls) {
    this.user = user;
    this.first = user.area.buffers;
    this.bytes = user.plan.workload.bufferBytes;
    this.count = user.ledger.entriesPerCpu;
  }

  /** A buffer that rests longest. */
  take(): number {
    const buffer = this.first + this.next * this.bytes;
    this.next = (this.next + 1) % this.count;
    const at = this.freed.indexOf(buffer);
    if (at >= 0) this.freed.splice(at, 1);
    return buffer;
  }

  /** User space has done with it. */
  free(buffer: number): void {
    const { kernel } = this.user;
    for (let at = 0; at < this.bytes; at += 4) kernel.poke(buffer + at, FREED);
    kernel.noteFreed?.(buffer, this.bytes);
    this.freed.push(buffer);
  }

  /** Looks at all freed buffers. */
  check(): void {
    for (let i = 0; i < this.freed.length; i++) {
      const buffer = this.freed[i] as number;
      const found = this.user.kernel.peek(buffer + this.bytes - 4);
      if (found === FREED) continue;
      this.user.finding(
        'buffer:written-after-destroy',
        'a buffer was written after io_destroy() had returned and it was freed',
        [`buffer ${hex(buffer)}: the last word is ${hex(found)}, user space left ${hex(FREED)} there`],
        [objectRef('buffer', buffer)],
      );
      this.freed.splice(i--, 1);
    }
  }

  /** A last look, after whatever is in flight has had time. */
  settle(): void {
    if (this.freed.length > 0) this.user.pause(2 * this.user.plan.workload.delayMaxUs);
    this.check();
  }
}

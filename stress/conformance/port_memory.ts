// SPDX-License-Identifier: GPL-2.0-only
/** User memory of a replay: two bump allocators, the special pointers of a trace, and bytes in and out. */
import { createHash } from 'node:crypto';
import { PAGE_OFFSET, PAGE_SIZE, store8 } from '../../src/arch/sab/memory.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import type { mm_struct } from '../../src/mm/mm_types.ts';
import { vm_brk } from '../../src/mm/mmap.ts';
import { user_done, user_to_kernel } from '../../src/mm/uaccess.ts';
import { peek } from '../../src/user/libaio.ts';
import type { Long, Place } from './trace.ts';

/** An address that only the kernel can have. */
const KERNEL_ADDRESS = PAGE_OFFSET + PAGE_SIZE;
/** Room for what one step needs only while it runs. */
const SCRATCH_BYTES = 64 * 1024;

export class PortMemory {
  private readonly mm: mm_struct;
  private next: number;
  private readonly end: number;
  private readonly scratch: number;
  private scratchNext: number;
  private readonly readOnly: number;
  private readonly unmapped: number;

  /** @param base - user address of `bytes` bytes of writable memory */
  constructor(mm: mm_struct, base: number, bytes: number) {
    this.mm = mm;
    this.scratch = base;
    this.scratchNext = base;
    this.next = base + SCRATCH_BYTES;
    this.end = base + bytes;
    this.readOnly = this.map(1, false);
    this.unmapped = this.map(1, true) + PAGE_SIZE;
  }

  private map(pages: number, writable: boolean): number {
    kernel_enter();
    const at = vm_brk(this.mm, pages, writable);
    kernel_exit();
    return at;
  }

  /** Zeroed memory. */
  alloc(bytes: number): number {
    const at = this.next;
    this.next += (bytes + 63) & -64;
    if (this.next > this.end) throw new Error('the trace needs more memory than a replay has');
    return at;
  }

  /** Memory until the next step; not zeroed. */
  allocScratch(bytes: number): number {
    const at = this.scratchNext;
    this.scratchNext += (bytes + 63) & -64;
    if (this.scratchNext > this.scratch + SCRATCH_BYTES) throw new Error('a step needs more memory than a replay has');
    return at;
  }
  freeScratch(): void {
    this.scratchNext = this.scratch;
  }

  /** Memory of which only the first `bytes` bytes are mapped. */
  allocGuarded(bytes: number): number {
    const pages = Math.ceil(bytes / PAGE_SIZE);
    return this.map(Math.max(1, pages), true) + Math.max(1, pages) * PAGE_SIZE - bytes;
  }

  /** Memory at such a place; for good, or until the next step. */
  place(bytes: number, at: Place | undefined, scratch = false): number {
    if (at === 'readonly') return this.map(Math.ceil(bytes / PAGE_SIZE), false);
    if (typeof at === 'object') return this.allocGuarded(at.mapped);
    const room = scratch ? this.allocScratch(bytes + 1) : this.alloc(bytes + 1);
    return at === 'unaligned' ? room + 1 : room;
  }

  /** A special pointer; null if the name is none. */
  special(name: string): number | null {
    if (name === 'NULL') return 0;
    if (name === 'BAD') return KERNEL_ADDRESS;
    if (name === 'MINUS1') return -1;
    if (name === 'RO') return this.readOnly;
    if (name === 'GUARD') return this.unmapped;
    return null;
  }
}

/** The bytes that a trace fills files and buffers with. */
export const ramp = (i: number, seed: number): number => (i * 131 + 17 + 29 * seed) & 0xff;

/** Fills user memory, also a page that user space cannot write; what is not mapped stays out. */
export function fillUser(at: number, bytes: Uint8Array): void {
  kernel_enter();
  for (const [i, byte] of bytes.entries()) {
    const to = user_to_kernel(at + i, false);
    if (to === 0) continue;
    store8(to, byte);
    user_done(at + i);
  }
  kernel_exit();
}

/** First half of the SHA-256, as a trace has it. */
export const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

export function shaOfMemory(at: number, bytes: number): string {
  return sha(Uint8Array.from({ length: bytes }, (_, i) => peek(at + (i & -4)) >>> (8 * (i & 3))));
}

/** Writes a 64-bit number into bytes. */
export const setLong = (to: DataView, at: number, value: Long): void =>
  to.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);

export const peek64 = (at: number): number => peek(at + 4) * 2 ** 32 + (peek(at) >>> 0);

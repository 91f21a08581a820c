// SPDX-License-Identifier: GPL-2.0-only
/** User memory of a replay: a bump allocator, the special pointers of a trace, and bytes in and out. */
import { createHash } from 'node:crypto';
import { PAGE_OFFSET, PAGE_SIZE } from '../../src/arch/sab/memory.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import type { mm_struct } from '../../src/mm/mm_types.ts';
import { vm_brk } from '../../src/mm/mmap.ts';
import { peek, poke } from '../../src/user/libaio.ts';

/** An address that only the kernel can have. */
const KERNEL_ADDRESS = PAGE_OFFSET + PAGE_SIZE;

export class PortMemory {
  private readonly mm: mm_struct;
  private next: number;
  private readonly readOnly: number;

  /** @param base - user address of writable memory, which is followed by unmapped memory */
  constructor(mm: mm_struct, base: number) {
    this.mm = mm;
    this.next = base;
    this.readOnly = this.map(1, false);
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
    return at;
  }

  /** Memory of which only the first `bytes` bytes are mapped. */
  allocGuarded(bytes: number): number {
    return this.map(1, true) + PAGE_SIZE - bytes;
  }

  /** A special pointer; null if the name is none. */
  special(name: string): number | null {
    if (name === 'NULL') return 0;
    if (name === 'BAD') return KERNEL_ADDRESS;
    if (name === 'MINUS1') return -1;
    if (name === 'RO') return this.readOnly;
    return null;
  }
}

/** The bytes that a trace fills files and buffers with. */
export const ramp = (i: number, seed: number): number => (i * 131 + 17 + 29 * seed) & 0xff;

/** Writes bytes to user memory. @param at - word aligned @param bytes - whole words */
export function writeBytes(at: number, bytes: number, byteAt: (i: number) => number): void {
  for (let i = 0; i < bytes; i += 4) {
    poke(at + i, byteAt(i) | (byteAt(i + 1) << 8) | (byteAt(i + 2) << 16) | (byteAt(i + 3) << 24));
  }
}

/** First half of the SHA-256, as a trace has it. */
export const sha = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex').slice(0, 16);

export function shaOfMemory(at: number, bytes: number): string {
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  for (let i = 0; i < bytes; i += 4) view.setInt32(i, peek(at + i), true);
  return sha(copy);
}

export function poke64(at: number, value: number): void {
  poke(at, value | 0);
  poke(at + 4, Math.floor(value / 2 ** 32));
}

export const peek64 = (at: number): number => peek(at + 4) * 2 ** 32 + (peek(at) >>> 0);

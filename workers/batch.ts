// SPDX-License-Identifier: GPL-2.0-only
/** Requests of one CPU: entered into the books, written to memory, submitted together. */
import { IOCB_CMD_PREAD, IOCB_CMD_PWRITE } from '../src/uapi/aio_abi.ts';
import type { FreedBuffers } from './freed_buffers.ts';
import { BATCH_MAX, FD_DEVICE, FD_INLINE, FD_PENDING, INLINE_BYTES } from './layout.ts';
import { ACCEPTED, COMPLETED, DONE, RACED } from './ledger.ts';
import type { Syscalls } from './syscalls.ts';

export class Batch {
  private readonly user: Syscalls;
  private readonly entries = new Int32Array(BATCH_MAX);
  private length = 0;
  private nextEntry = 0;

  constructor(user: Syscalls) {
    this.user = user;
  }

  /** A free entry of this CPU, as a number among its own; -1 if all are in use. */
  private freeEntry(): number {
    const { ledger, cpu } = this.user;
    for (let tries = 0; tries < ledger.entriesPerCpu; tries++) {
      const entry = this.nextEntry;
      this.nextEntry = (entry + 1) % ledger.entriesPerCpu;
      if (ledger.reusable(cpu * ledger.entriesPerCpu + entry)) return entry;
    }
    return -1;
  }

  /**
   * Adds a request to the batch that submit() will submit.
   * @param fd - FD_INLINE, FD_DEVICE, FD_PENDING, or that of another file of the pending device
   * @param buffer - user address; the entry's own if it is 0
   * @returns whether there was an entry free
   */
  prepare(fd: number, owner: number, ctx: number, buffer = 0, write = false): boolean {
    const own = this.length < BATCH_MAX ? this.freeEntry() : -1;
    if (own < 0) return false;
    const { ledger, kernel, area, cpu, plan } = this.user;
    const entry = cpu * ledger.entriesPerCpu + own;
    const bytes = plan.workload.bufferBytes;
    const obj = area.iocb(own);
    const at = buffer === 0 ? area.buffers + own * bytes : buffer;
    const pos = fd === FD_INLINE ? ((entry * bytes) % (INLINE_BYTES - bytes)) & -8 : entry * bytes;
    const pending = fd >= FD_PENDING;
    const res = pending && !plan.workload.pendingEnds ? kernel.cancelledResult : bytes;
    const generation = ledger.take(entry, owner, ctx, res, write ? -1 : pos, obj, at, bytes, pending);
    kernel.io_prep(obj, write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, fd, at, bytes, pos, entry, generation);
    const pointer = area.pointer(this.length);
    kernel.poke(pointer, obj);
    kernel.poke(pointer + 4, 0);
    this.entries[this.length++] = entry;
    if (fd === FD_INLINE) ledger.mark(entry, DONE | COMPLETED);
    return true;
  }

  /** The file for the next request, as the workload mixes them. */
  drawFile(): number {
    const { inlinePercent, pendingPercent } = this.user.plan.workload;
    const n = this.user.prng.below(100);
    return n < inlinePercent ? FD_INLINE : n < inlinePercent + pendingPercent ? FD_PENDING : FD_DEVICE;
  }

  /** Adds up to `wanted` reads. @param fd - null for files as they are drawn @returns how many it has */
  fill(wanted: number, owner: number, ctx: number, fd: number | null = null): number {
    while (this.length < wanted && this.prepare(fd ?? this.drawFile(), owner, ctx));
    return this.length;
  }

  /**
   * Submits up to `wanted` reads of the device, or of the pending one if the workload has any of it, on a context that
   * this thread keeps to itself.
   * @param buffers - where to read to; each entry's own buffer if null @returns how many were accepted
   */
  submitReads(ctx: number, wanted: number, buffers: FreedBuffers | null = null): number {
    const { self, plan } = this.user;
    const fd = plan.workload.pendingPercent > 0 ? FD_PENDING : FD_DEVICE;
    while (this.length < wanted && this.prepare(fd, self, ctx, buffers?.take() ?? 0));
    return this.length === 0 ? 0 : Math.max(0, this.submit(ctx));
  }

  /** Submits the batch. @returns what io_submit() returned */
  submit(ctx: number): number {
    const { ledger } = this.user;
    const n = this.length;
    this.length = 0;
    const ret = this.user.submit(ctx, n);
    const taken = Math.max(0, ret);
    for (let i = 0; i < taken; i++) ledger.mark(this.entry(i), ACCEPTED);
    for (let i = taken; i < n; i++) ledger.drop(this.entry(i));
    this.user.count('submitted', taken);
    return ret;
  }

  /** Entry number `i` of the last batch. */
  entry(i: number): number {
    return this.entries[i] as number;
  }

  /** Marks the first `n` requests of the last batch as raced by a destruction of their context. */
  markRaced(n: number): void {
    for (let i = 0; i < n; i++) this.user.ledger.mark(this.entry(i), RACED);
  }
}

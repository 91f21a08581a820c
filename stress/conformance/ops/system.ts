// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a trace runs on: one process with the five system calls of fs/aio, its memory, files and descriptors.
 *
 * PortSystem is one, KernelSystem the other. All that a trace says beyond system calls, loads and stores is in calls.ts
 * and data.ts, once: the two cannot understand a trace differently. Addresses are numbers, those of a kernel negative.
 */
import type { SpecialPointer } from '../trace/kinds.ts';
import type { OpenMode } from '../trace/trace.ts';

export interface System {
  /** The system calls, each with its result or -errno. */
  io_setup(nr_events: number, ctxp: number): number;
  io_destroy(ctx: number): number;
  io_submit(ctx: number, nr: number, iocbpp: number): number;
  io_cancel(ctx: number, iocb: number): number;
  io_getevents(ctx: number, min_nr: number, nr: number, events: number, timeout: number): number;

  /** Opcode of a poll. */
  readonly pollCommand: number;
  /** @returns what a poll of that descriptor names in its place */
  pollFd(fd: number): number;
  /** NULL, BAD: the kernel's, MINUS1, RO: a page that can only be read, GUARD: a page that cannot be touched. */
  readonly special: Readonly<Record<SpecialPointer, number>>;
  /** Zeroed memory, aligned to 64 bytes. */
  alloc(bytes: number): number;
  /** Memory that the process itself cannot write. */
  allocReadOnly(bytes: number): number;
  /** Zeroed memory behind whose `bytes` bytes nothing is mapped. */
  allocGuarded(bytes: number): number;
  /** Fills memory of these kinds; what is not mapped stays out. */
  fill(at: number, bytes: Uint8Array): void;
  /** A word of memory, signed. @throws SegmentationFault */
  peek(at: number): number;
  poke(at: number, value: number): void;

  /** Makes a file, or makes it anew. @param byteAt - its content */
  makeFile(name: string, bytes: number, byteAt: (i: number) => number): void;
  truncate(name: string, bytes: number): void;
  fileSize(name: string): number;
  fileBytes(name: string): Uint8Array;
  /** Opens a file. @returns a descriptor */
  open(name: string, mode: OpenMode, append: boolean): number;
  openDirectory(mode: OpenMode): number;
  /** @returns descriptors of a pipe, neither of which blocks */
  pipe(): readonly [r: number, w: number];
  /** @returns a descriptor */
  eventfd(count: number): number;
  /** @returns what was counted, or -EAGAIN */
  eventfdRead(fd: number): number;
  /** @returns 0 or -errno */
  close(fd: number): number;
  /**
   * Writes a byte into a pipe, which ends the polls that wait for it, and takes up to 8 out again.
   * @param w - writing end of the pipe @returns 1 or -errno
   */
  complete(w: number): number;
  /** Waits until deferred work has moved the ring's tail there. @param ring - user address */
  settle(ring: number, tail: number): void;

  /** Goes on on another CPU. @param offset - from the one that the trace begins on */
  runOn(offset: number): void;
  /** A signal comes while the call waits, or has come before. */
  withSignal(call: () => number): number;
  /** Quota in use, compared with the start. */
  aioNr(): number;
  /** Allows so much quota beyond what was in use at the start, until the end of the trace. */
  setAioMaxNr(room: number): void;
  /** The next io_setup() finds no room to map its ring. */
  failNextRingMmap(): void;
  /** The next system call finds no more than so many free pages; only on the port. */
  failNextAllocation(pages: number): void;
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * What user space has of a kernel: system calls, its own memory, the mapped ring, time. The roles know nothing else of
 * the kernel that they run on; the port is one (port_kernel.ts), the host's another (stress/conformance/threads).
 *
 * An address of user memory is a number of 32 bits. A handle is one, too, and never 0: on the port the address of the
 * ring, as io_setup() gives it; where handles are wider, a number that stands for one.
 *
 * Each call is as coarse as user space's own steps are, so that both implementations are plain code on words.
 */
import type { aio_ring } from '../src/uapi/aio_abi.ts';
import type { Event } from '../src/user/event.ts';

export type RingField = keyof typeof aio_ring.offsetof;

export interface Kernel {
  /** What a request of the pending device ends with when it is cancelled: its event's `res`. */
  readonly cancelledResult: number;
  /** Whether DONE is noted in the books as soon as a device has done with a request; else its event tells first. */
  readonly tellsDone: boolean;

  // System calls: 0 or a count, or -errno. Pointers are user addresses.

  /** @param ctxp - where the handle goes, for handleAt(); 8 bytes that are 0 */
  io_setup(nr_events: number, ctxp: number): number;
  io_destroy(ctx: number): number;
  io_submit(ctx: number, nr: number, iocbpp: number): number;
  /** @param timeout - address of a timespec of two 64-bit words; 0 for none */
  io_getevents(ctx: number, min_nr: number, nr: number, events: number, timeout: number): number;
  io_cancel(ctx: number, iocb: number): number;

  // User memory.

  /** Loads a word. @throws SegmentationFault */
  peek(va: number): number;
  /** Stores a word. @throws SegmentationFault */
  poke(va: number, value: number): void;
  /** The handle that io_setup() has stored. @context its maker, once */
  handleAt(va: number): number;
  /** Writes an iocb; `fd` is one of layout.ts. */
  io_prep(
    va: number,
    opcode: number,
    fd: number,
    buf: number,
    nbytes: number,
    offset: number,
    data_lo: number,
    data_hi: number,
  ): void;
  /** Reads the event at an address. */
  read_event(va: number, to: Event): void;
  /** Notes that user space has freed a buffer, for who looks at its last steps. */
  noteFreed(buffer: number, bytes: number): void;

  // The mapped ring. Where it is not mapped: SegmentationFault, or the end of the process on the host's kernel.

  /** Takes one event. @returns false if the ring is empty @context the only consumer of this ring */
  user_getevent(ctx: number, to: Event): boolean;
  /** Loads a word of the header, unsigned. */
  ring_field(ctx: number, field: RingField): number;
  /** Stores a word of the header. */
  scribble(ctx: number, field: RingField, value: number): void;

  /** Does nothing for so long: user space thinks. */
  idle(ns: number): void;
  /** How many grace periods this thread has waited for inside system calls; absent where the kernel does not say. */
  gracePeriodsWaited?(): number;
}

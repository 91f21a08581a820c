// SPDX-License-Identifier: GPL-2.0-only
/**
 * What user space has of a kernel: system calls, its own memory, the mapped ring, time. The roles know nothing else of
 * the kernel that they run on; the port is one (port_kernel.ts), the host's another (stress/conformance/threads).
 *
 * An address of user memory is a number of 32 bits. A handle is one, too, and never 0: on the port the address of the
 * ring, as io_setup() gives it; where handles are wider, a number that stands for one. Each call is as coarse as user
 * space's own steps are, so that both implementations are plain code on words.
 */
import type * as syscalls from '../src/fs/aio/syscalls.ts';
import type * as libaio from '../src/user/libaio.ts';

/** What a thread does in its own memory, and in the mapped ring. */
type Libaio = Pick<
  typeof libaio,
  'peek' | 'poke' | 'io_prep' | 'read_event' | 'user_getevent' | 'ring_field' | 'scribble'
>;

/** Where a ring is not mapped, the host's kernel ends the process instead of throwing SegmentationFault. */
export interface Kernel extends Libaio {
  readonly io_setup: typeof syscalls.sys_io_setup;
  readonly io_destroy: typeof syscalls.sys_io_destroy;
  readonly io_submit: typeof syscalls.sys_io_submit;
  readonly io_getevents: typeof syscalls.sys_io_getevents;
  readonly io_cancel: typeof syscalls.sys_io_cancel;
  /** The handle that io_setup() has stored at an address. @context the thread that has made it, once */
  handleAt(va: number): number;
  /** Does nothing for so long: user space thinks. */
  idle(ns: number): void;
  /** What a request of the pending device ends with when it is cancelled: its event's `res`. */
  readonly cancelledResult: number;
  /** Whether DONE is noted in the books as soon as a device has done with a request; else its event tells first. */
  readonly tellsDone: boolean;
  /** Notes that user space has freed a buffer, for the last steps of a thread; absent where nothing is noted. */
  noteFreed?(buffer: number, bytes: number): void;
  /** White box: grace periods that this thread has waited out in system calls; absent where the kernel does not say. */
  gracePeriodsWaited?(): number;
}

// SPDX-License-Identifier: GPL-2.0-only
/** The port, as user space has it. */
import { idle } from '../src/arch/sab/park.ts';
import {
  sys_io_cancel,
  sys_io_destroy,
  sys_io_getevents,
  sys_io_setup,
  sys_io_submit,
} from '../src/fs/aio/syscalls.ts';
import { current } from '../src/kernel/sched/core.ts';
import { TP } from '../src/trace/events.ts';
import { trace } from '../src/trace/flight_recorder.ts';
import { ECANCELED } from '../src/uapi/errno.ts';
import { sys_close, sys_open_endpoint } from '../src/user/files.ts';
import { io_prep, peek, poke, read_event, ring_field, scribble, user_getevent } from '../src/user/libaio.ts';
import type { Process } from '../src/user/process.ts';
import type { Kernel } from './kernel.ts';

export class PortKernel implements Kernel {
  readonly cancelledResult = -ECANCELED;
  readonly tellsDone = true;
  readonly io_setup = sys_io_setup;
  readonly io_destroy = sys_io_destroy;
  readonly io_submit = sys_io_submit;
  readonly io_getevents = sys_io_getevents;
  readonly io_cancel = sys_io_cancel;
  readonly open_endpoint = sys_open_endpoint;
  readonly close = sys_close;
  readonly peek = peek;
  readonly poke = poke;
  /** A handle is the address of the ring, of which the upper half is 0. */
  readonly handleAt = peek;
  readonly io_prep = io_prep;
  readonly read_event = read_event;
  readonly user_getevent = user_getevent;
  readonly ring_field = ring_field;
  readonly scribble = scribble;
  readonly idle = idle;
  /** The process whose threads user space's CPUs are. */
  readonly process: Process;

  constructor(process: Process) {
    this.process = process;
  }

  noteFreed(buffer: number, bytes: number): void {
    trace(TP.user_free, buffer, bytes);
  }

  gracePeriodsWaited(): number {
    return current.gp_waits;
  }
}

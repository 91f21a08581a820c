// SPDX-License-Identifier: GPL-2.0-only
/** How a process's files and private memory are laid out; both sides must agree. */
import { io_event, iocb } from '../src/uapi/aio_abi.ts';

/** Descriptors that every process has. */
export const FD_INLINE = 0;
export const FD_DEVICE = 1;
export const FD_PENDING = 2;
/** The first of those that are opened while a round runs; all files of the pending device. */
export const FD_OPENED = 3;
/** Bytes of the RAM disk; its word n is diskWord(n), as the device's is. */
export const INLINE_BYTES = 256 * 1024;
/** Events that one io_getevents() may bring. */
export const EVENTS_MAX = 128;
/** Iocbs that one io_submit() may take. */
export const BATCH_MAX = 128;

export const POINTER_BYTES = 8;
export const IOCB_BYTES = iocb.sizeof;
export const EVENT_BYTES = io_event.sizeof;

const SCRATCH_BYTES = 64;
/** Bytes of a CPU's memory before its buffers. */
export const bytesBeforeBuffers = (entries: number): number =>
  SCRATCH_BYTES + BATCH_MAX * POINTER_BYTES + EVENTS_MAX * EVENT_BYTES + entries * IOCB_BYTES;

/** Bytes of user memory that a CPU needs. */
export const areaBytes = (entries: number, bufferBytes: number): number =>
  bytesBeforeBuffers(entries) + entries * bufferBytes;

/** The memory of one CPU: user addresses. */
export class Area {
  readonly scratch: number;
  /** What io_submit() is given. */
  readonly pointers: number;
  /** What io_getevents() fills. */
  readonly events: number;
  readonly iocbs: number;
  readonly buffers: number;

  /** @param start - of areaBytes() */
  constructor(start: number, entries: number) {
    this.scratch = start;
    this.pointers = start + SCRATCH_BYTES;
    this.events = this.pointers + BATCH_MAX * POINTER_BYTES;
    this.iocbs = this.events + EVENTS_MAX * EVENT_BYTES;
    this.buffers = start + bytesBeforeBuffers(entries);
  }

  iocb(i: number): number {
    return this.iocbs + i * IOCB_BYTES;
  }
  pointer(i: number): number {
    return this.pointers + i * POINTER_BYTES;
  }
}

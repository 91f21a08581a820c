// SPDX-License-Identifier: GPL-2.0-only
/** How a process's files and private memory are laid out; both sides must agree. */
import { io_event, iocb } from '../src/uapi/aio_abi.ts';

/** Descriptors that every process has. */
export const FD_INLINE = 0;
export const FD_DEVICE = 1;
export const FD_PENDING = 2;
/** Bytes of the RAM disk; its word n is diskWord(n), as the device's is. */
export const INLINE_BYTES = 256 * 1024;
/** Events that one io_getevents() may bring. */
export const EVENTS_MAX = 128;
export const POINTER_BYTES = 8;
/** Iocbs that one io_submit() may take. */
export const BATCH_MAX = 128;

/** Bytes of user memory that a CPU needs. */
export const areaBytes = (entries: number, bufferBytes: number): number =>
  entries * (iocb.sizeof + bufferBytes) + BATCH_MAX * POINTER_BYTES + EVENTS_MAX * io_event.sizeof + 64;

// SPDX-License-Identifier: GPL-2.0-only
/** What contexts and requests take of RAM: pages that are gone after making many, by their number. */
import { PAGE_SIZE } from '../../../src/arch/sab/memory.ts';
import { endpoint_open } from '../../../src/drivers/endpoint.ts';
import { aio } from '../../../src/fs/aio/kioctx.ts';
import { sys_io_setup, sys_io_submit } from '../../../src/fs/aio/syscalls.ts';
import { fd_install, type file, files_struct } from '../../../src/fs/file.ts';
import { kernel_enter, kernel_exit } from '../../../src/kernel/sched/core.ts';
import { nr_free_pages } from '../../../src/mm/page_alloc.ts';
import { IOCB_CMD_PREAD } from '../../../src/uapi/aio_abi.ts';
import { io_prep, peek, poke } from '../../../src/user/libaio.ts';
import { become, spawn } from '../../../src/user/process.ts';

/** So many are made, so that what is left over in slabs does not count. */
const CONTEXTS = 128;
const REQUESTS = 2048;
/** Enough for all of them. */
const QUOTA = 1 << 20;
const BYTES = 64;
/** Of user memory: a handle, a pointer, an iocb, the buffer. */
const POINTER = 8;
const IOCB = 64;
const BUFFER = 256;

/** What io_setup() is asked for, in the order of the figures. */
export const FOOTPRINT_EVENTS = [32, 1024] as const;

function bytesOf(times: number, make: () => void): number {
  const before = nr_free_pages();
  for (let i = 0; i < times; i++) make();
  return ((before - nr_free_pages()) * PAGE_SIZE) / times;
}

function setUp(handle: number, events: number): number {
  poke(handle, 0);
  const ret = sys_io_setup(events, handle);
  if (ret !== 0) throw new Error(`io_setup() failed: ${ret}`);
  return peek(handle);
}

/** @returns bytes of a context, for each of FOOTPRINT_EVENTS, and of a request in flight @context user mode */
export function measureFootprint(): number[] {
  const process = spawn(PAGE_SIZE, 0);
  kernel_enter();
  const device = endpoint_open() as file;
  const fd = fd_install(files_struct.at(process.files), device);
  kernel_exit();
  become(process);
  aio.it.aio_max_nr = QUOTA;
  const contexts = FOOTPRINT_EVENTS.map((events) => bytesOf(CONTEXTS, () => setUp(process.base, events)));
  const ctx = setUp(process.base, REQUESTS);
  const submit = (): void => {
    io_prep(process.base + IOCB, IOCB_CMD_PREAD, fd, process.base + BUFFER, BYTES, 0, 0, 0);
    poke(process.base + POINTER, process.base + IOCB);
    const ret = sys_io_submit(ctx, 1, process.base + POINTER);
    if (ret !== 1) throw new Error(`io_submit() failed: ${ret}`);
  };
  return [...contexts, bytesOf(REQUESTS, submit)];
}

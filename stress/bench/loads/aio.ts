// SPDX-License-Identifier: GPL-2.0-only
/**
 * The load of the aio benchmarks: submit a batch of reads, which complete inside io_submit(), and reap them by
 * io_getevents(). They are of a file whose method moves no byte, so that what is measured is fs/aio and what it needs
 * of the kernel, or of a RAM disk. Each CPU has an area of user memory of its own, and both files open for itself:
 * every request takes and drops a reference to its file, and through a common file CPUs that share nothing else would
 * wait for each other.
 */
import { PAGE_SIZE } from '../../../src/arch/sab/memory.ts';
import { type ramdisk, ramdisk_create, ramdisk_open } from '../../../src/drivers/ramdisk.ts';
import { sys_io_getevents, sys_io_setup, sys_io_submit } from '../../../src/fs/aio/syscalls.ts';
import { alloc_file, defineFops, FMODE_READ, fd_install, type file, files_struct } from '../../../src/fs/file.ts';
import { kernel_enter, kernel_exit } from '../../../src/kernel/sched/core.ts';
import { IOCB_CMD_PREAD } from '../../../src/uapi/aio_abi.ts';
import { ENOMEM } from '../../../src/uapi/errno.ts';
import { EVENT_BYTES, IOCB_BYTES, io_prep, peek, poke } from '../../../src/user/libaio.ts';
import { become, type Process, spawn } from '../../../src/user/process.ts';

/** Most requests of one call. */
export const BATCH_MAX = 32;
/** Bytes that a request asks for, as the C program that measures the real kernel does. */
export const READ_BYTES = 512;
const DISK_BYTES = PAGE_SIZE;
/** Slots that a context is asked for, as many as the C program's ring has. */
const NR_EVENTS = 511;

export const FILES = ['empty', 'disk'] as const;
/** What is read. */
export type FileKind = (typeof FILES)[number];

// An area: for each file a page with iocbs and pointers to them; events and the word where io_setup() stores the handle
// behind those of the first; buffers.
const POINTERS = BATCH_MAX * IOCB_BYTES;
const EVENTS = POINTERS + BATCH_MAX * 8;
const HANDLE = EVENTS + BATCH_MAX * EVENT_BYTES;
const BUFFERS = FILES.length * PAGE_SIZE;
/** Bytes of an area. */
const AREA_BYTES = BUFFERS + BATCH_MAX * READ_BYTES;

/** What the threads share. Can be posted. */
export interface AioLoad {
  readonly process: Process;
  /** One for each area. The first is the one that is shared. */
  readonly contexts: readonly number[];
}

const areaOf = (load: AioLoad, n: number): number => load.process.base + n * AREA_BYTES;
/** The word of an area where io_setup() may store a handle: an address of user memory. */
export const handleWord = (load: AioLoad, area: number): number => areaOf(load, area) + HANDLE;

/** Reads what it is asked for, and moves nothing. */
const empty_fops = defineFops({ name: 'bench_empty', read_iter: (_iocb, _iov, _segments, bytes) => bytes });

/** @returns a descriptor, or a negative number @context kernel */
const install = ({ files }: Process, filp: file | null): number =>
  filp === null ? -ENOMEM : fd_install(files_struct.at(files), filp);

/** Makes the iocbs of a page, and the pointers to them. @param buffers - one for each, in a row */
function prepare(page: number, fd: number, buffers: number): void {
  for (let i = 0; i < BATCH_MAX; i++) {
    const iocb = page + i * IOCB_BYTES;
    io_prep(iocb, IOCB_CMD_PREAD, fd, buffers + i * READ_BYTES, READ_BYTES, 0, i, 0);
    poke(page + POINTERS + 8 * i, iocb);
    poke(page + POINTERS + 8 * i + 4, 0);
  }
}

/** Makes a process with `areas` areas and as many contexts. @context a freshly booted CPU, in user mode */
export function makeAioLoad(areas: number): AioLoad {
  const process = spawn(areas * AREA_BYTES, 0);
  kernel_enter();
  const disk = ramdisk_create(DISK_BYTES) as ramdisk;
  disk.size = DISK_BYTES;
  const fds = Array.from({ length: areas }, () => [
    install(process, alloc_file(empty_fops, FMODE_READ, null)),
    install(process, ramdisk_open(disk, FMODE_READ, 0)),
  ]);
  kernel_exit();
  become(process);
  const load = { process, contexts: [] as number[] };
  for (let n = 0; n < areas; n++) {
    const area = areaOf(load, n);
    fds[n]?.forEach((fd, i) => {
      prepare(area + i * PAGE_SIZE, fd, area + BUFFERS);
    });
    poke(area + HANDLE, 0);
    poke(area + HANDLE + 4, 0);
    const ret = sys_io_setup(NR_EVENTS, area + HANDLE);
    if (ret !== 0) throw new Error(`io_setup() failed: ${ret}`);
    load.contexts.push(peek(area + HANDLE));
  }
  return load;
}

/**
 * Submits `batch` requests and reaps up to as many.
 * @param area - whose user memory
 * @param context - whose context
 * @returns events
 */
export function submitAndReap(load: AioLoad, area: number, context: number, batch: number, of: FileKind): number {
  const base = areaOf(load, area);
  const ctx = load.contexts[context] as number;
  sys_io_submit(ctx, batch, base + (of === 'disk' ? PAGE_SIZE : 0) + POINTERS);
  return Math.max(0, sys_io_getevents(ctx, 0, batch, base + EVENTS, 0));
}

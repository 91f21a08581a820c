// SPDX-License-Identifier: GPL-2.0-only
/** Which function of Linux a frame of a stack is: the port keeps the names, and its tree is the kernel's. */
import { sourceFrame } from '../../round/source_lines.ts';

/** Files of the port, and of Linux. The longest prefix counts. */
const FILES: readonly (readonly [string, string])[] = [
  ['src/fs/aio/', 'fs/aio.c'],
  ['src/reverts/', 'fs/aio.c'],
  ['src/fs/eventfd.', 'fs/eventfd.c'],
  ['src/fs/file.', 'fs/file.c'],
  ['src/mm/migrate.', 'mm/migrate.c'],
  ['src/mm/mmap.', 'mm/mmap.c'],
  ['src/mm/page_alloc.', 'mm/page_alloc.c'],
  ['src/mm/slab.', 'mm/slab.c'],
  ['src/lib/percpu-refcount.', 'lib/percpu-refcount.c'],
  ['src/kernel/sched/wait.', 'kernel/sched/wait.c'],
  ['src/kernel/sched/completion.', 'kernel/sched/completion.c'],
  ['src/kernel/sched/core.', 'kernel/sched/core.c'],
  ['src/kernel/workqueue.', 'kernel/workqueue.c'],
  ['src/kernel/rcu/', 'kernel/rcu/tree.c'],
  ['src/drivers/null_blk.', 'drivers/block/null_blk.c'],
  ['src/drivers/ramdisk.', 'drivers/block/brd.c'],
];

/** Functions of fs/aio.c, v3.17. What is no function there was taken out of one of these. */
const FS_AIO = new Set(
  `aio_setup aio_private_file put_aio_ring_file aio_free_ring aio_migratepage aio_setup_ring kiocb_set_cancel_fn
  kiocb_cancel free_ioctx free_ioctx_reqs free_ioctx_users ioctx_add_table aio_nr_sub ioctx_alloc kill_ioctx
  wait_on_sync_kiocb exit_aio put_reqs_available get_reqs_available refill_reqs_available
  user_refill_reqs_available aio_get_req kiocb_free lookup_ioctx aio_complete aio_read_events_ring aio_read_events
  read_events aio_run_iocb io_submit_one do_io_submit lookup_kiocb sys_io_setup sys_io_destroy sys_io_submit
  sys_io_cancel sys_io_getevents io_setup io_destroy io_submit io_cancel io_getevents`.split(/\s+/),
);

/** Frames of what serves an access, not of who makes it. */
const PLUMBING = /^src\/(arch\/sab|det|init|trace|kernel\/(locking|oops|panic)|mm\/(kasan|uaccess|percpu)|lib\/list)/;

/** Functions that only reach through a pointer; who calls them is of interest. */
const ACCESSORS = new Set(['kmap_ring_page', 'kmap_atomic', 'page_address']);

interface Frame {
  readonly name: string;
  readonly file: string;
  readonly line: string;
}

function frameOf(line: string): Frame | null {
  const m = /^(\S+) \(([^:)]+)/.exec(line);
  return m === null ? null : { name: (m[1] ?? '').replace(/_before$/, ''), file: m[2] ?? '', line };
}

const fileOf = (file: string): string => FILES.find(([prefix]) => file.startsWith(prefix))?.[1] ?? '';

/** Whether a function of this name stands in the C file. */
const isInC = ({ name, file }: Frame): boolean => {
  const c = fileOf(file);
  return c !== '' && name !== '(anonymous)' && (c !== 'fs/aio.c' || FS_AIO.has(name));
};

/** Where an access is made. */
export interface Site {
  /** `aio_read_events_ring (src/fs/aio/read_events.ts:61)`: the innermost function that is about something. */
  readonly site: string;
  /** `fs/aio.c aio_read_events_ring()`: of fs/aio.c if there is one on the stack; empty in user space. */
  readonly linux: string;
}

const linuxOf = ({ name, file }: Frame): string => `${fileOf(file)} ${name.replace(/^sys_/, '')}()`;

/** The C function of that name in fs/aio.c, empty if there is none. */
export const aioFunction = (name: string): string => (FS_AIO.has(name) ? `fs/aio.c ${name}()` : '');

/** @param stack - frames, innermost first, a line each, as src/kernel/oops.ts has them */
export function siteOf(stack: string): Site {
  const frames = stack.split('\n').flatMap((line) => frameOf(line) ?? []);
  const own = frames.filter(({ name, file }) => !PLUMBING.test(file) && !ACCESSORS.has(name));
  const inC = own.filter(isInC);
  const told = inC.find((frame) => fileOf(frame.file) === 'fs/aio.c') ?? inC[0];
  const first = own[0];
  return {
    site: first === undefined ? '' : sourceFrame(first.line),
    linux: told === undefined ? '' : linuxOf(told),
  };
}

// SPDX-License-Identifier: GPL-2.0-only
/** io_submit(): what it answers, which error it finds first, and what becomes an event instead. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { TASK_SIZE } from '../../arch/sab/memory.ts';
import { current } from '../../kernel/sched/core.ts';
import { contextOf, slotsOf } from '../../testing/slots.ts';
import {
  close,
  inKernel,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocReadOnly,
  mm,
  openEventfd,
  openFile,
  pointerArray,
  runOn,
  setIocb,
} from '../../testing/user.ts';
import {
  IOCB_CMD_FDSYNC,
  IOCB_CMD_FSYNC,
  IOCB_CMD_NOOP,
  IOCB_CMD_PREAD,
  IOCB_CMD_PWRITE,
  IOCB_FLAG_RESFD,
  iocb,
} from '../../uapi/aio_abi.ts';
import { EFAULT, EINTR, ERESTARTSYS, errname } from '../../uapi/errno.ts';
import { peek, poke } from '../../user/libaio.ts';
import {
  alloc_file,
  defineFops,
  FMODE_READ,
  FMODE_WRITE,
  fd_install,
  type file,
  files_struct,
  O_APPEND,
} from '../file.ts';
import { sys_io_destroy, sys_io_submit } from './syscalls.ts';

const restarting_fops = defineFops({ name: 'restarting', read_iter: () => -ERESTARTSYS });
const KERNEL_ADDRESS = PAGE_OFFSET + 4096;
const LIMIT = 120;

let ctx = 0;
let fd = 0;
let buf = 0;
/** A read of 8 bytes. */
let good = 0;
beforeEach(() => {
  login();
  ctx = io_setup(1);
  fd = openFile(4096);
  buf = malloc(4096);
  good = makeIocb({ fd, buf, nbytes: 8, data: 1 });
});
afterEach(logout);

const submitAt = (handle: number, nr: number, array: number): string => errname(sys_io_submit(handle, nr, array));

/** An iocb with one thing wrong for each error, so that one with several shows which comes first. */
const WRONG: readonly (readonly [what: string, error: string, spoil: (at: number) => void])[] = [
  ['aio_reserved1 is set', 'EINVAL', (at) => setIocb(at, 'aio_reserved1', 1)],
  ['aio_reserved2 is set', 'EINVAL', (at) => setIocb(at, 'aio_reserved2', 1)],
  ['the upper half of aio_reserved2 is set', 'EINVAL', (at) => poke(at + iocb.offsetof.aio_reserved2 + 4, 1)],
  ['aio_nbytes is negative', 'EINVAL', (at) => poke(at + iocb.offsetof.aio_nbytes + 4, -1)],
];

describe('errors of the call', () => {
  test('EINVAL: nr is negative, whatever else is wrong', () => {
    expect(submitAt(ctx, -1, pointerArray([good]))).toBe('-EINVAL');
    expect(submitAt(-1, -1, KERNEL_ADDRESS)).toBe('-EINVAL');
  });

  test('EFAULT: the array cannot be in user memory, before the context is looked at', () => {
    for (const array of [-1, KERNEL_ADDRESS, TASK_SIZE - 4]) expect(submitAt(-1, 1, array)).toBe('-EFAULT');
    expect(submitAt(ctx, 0x7fff_ffff, pointerArray([good]))).toBe('-EFAULT');
    // Even of an array of none.
    expect(submitAt(ctx, 0, KERNEL_ADDRESS)).toBe('-EFAULT');
  });

  test('EINVAL: no context has that handle', () => {
    for (const handle of [0, -1, ctx + 8, ctx + 4096, KERNEL_ADDRESS, malloc(32)]) {
      expect(submitAt(handle, 1, pointerArray([good]))).toBe('-EINVAL');
      expect(submitAt(handle, 0, 0)).toBe('-EINVAL');
      // Before the elements of the array are looked at.
      expect(submitAt(handle, 1, 0)).toBe('-EINVAL');
    }
  });

  test('nothing to submit is 0, wherever the array is', () => {
    for (const array of [0, 0x1000, pointerArray([good])]) expect(submitAt(ctx, 0, array)).toBe('0');
  });
});

describe('errors of an iocb, in the order in which they are looked for', () => {
  test('EFAULT: the pointer or the iocb cannot be read', () => {
    expect(submitAt(ctx, 1, 0)).toBe('-EFAULT');
    for (const at of [0, -1, KERNEL_ADDRESS]) expect(io_submit(ctx, at)).toBe('-EFAULT');
    const array = pointerArray([good]);
    poke(array + 4, 1);
    expect(submitAt(ctx, 1, array)).toBe('-EFAULT');
  });

  test.each(WRONG)('%s: %s, before the descriptor and the slots', (_what, error, spoil) => {
    const bad = makeIocb({ fd: 99, buf, nbytes: 8 });
    spoil(bad);
    expect(io_submit(ctx, bad)).toBe(`-${error}`);
    expect(io_submit(ctx, ...Array<number>(LIMIT).fill(good))).toBe(LIMIT);
    expect(io_submit(ctx, bad)).toBe(`-${error}`);
  });

  test('EAGAIN: no slot, before the descriptor', () => {
    expect(io_submit(ctx, ...Array<number>(LIMIT + 1).fill(good))).toBe(LIMIT);
    expect(io_submit(ctx, makeIocb({ fd: 99, cmd: 99 }))).toBe('-EAGAIN');
  });

  test('EBADF: no file, before the eventfd', () => {
    for (const no of [99, -1, 63]) {
      const bad = makeIocb({ fd: no, cmd: 99 });
      setIocb(bad, 'aio_flags', IOCB_FLAG_RESFD);
      setIocb(bad, 'aio_resfd', fd);
      expect(io_submit(ctx, bad)).toBe('-EBADF');
    }
  });

  test('EBADF, EINVAL: the eventfd, before the iocb is written and the command looked at', () => {
    const page = mallocReadOnly();
    expect(io_submit(ctx, page)).toBe('-EFAULT');
    const bad = makeIocb({ fd, cmd: 99 });
    setIocb(bad, 'aio_key', 7);
    setIocb(bad, 'aio_flags', IOCB_FLAG_RESFD);
    setIocb(bad, 'aio_resfd', 99);
    expect(io_submit(ctx, bad)).toBe('-EBADF');
    setIocb(bad, 'aio_resfd', fd);
    expect(io_submit(ctx, bad)).toBe('-EINVAL');
    expect(peek(bad + iocb.offsetof.aio_key)).toBe(7);
  });

  test('EFAULT: aio_key cannot be written', () => {
    // A read-only page is an iocb of zeroes: PREAD of nothing from descriptor 0, which is open.
    expect(fd).toBe(0);
    expect(io_submit(ctx, mallocReadOnly())).toBe('-EFAULT');
    expect(io_getevents(ctx, 9)).toEqual([]);
  });

  test.each([
    ['FSYNC', IOCB_CMD_FSYNC],
    ['FDSYNC', IOCB_CMD_FDSYNC],
    ['POLL', 5],
    ['NOOP', IOCB_CMD_NOOP],
    ['4', 4],
    ['99', 99],
  ])('EINVAL: the command is %s', (_name, cmd) => {
    expect(io_submit(ctx, makeIocb({ fd, cmd, buf, nbytes: 8 }))).toBe('-EINVAL');
  });

  test('EBADF: the mode of the file, before the buffer and the position', () => {
    const wrong = { buf: KERNEL_ADDRESS, nbytes: 8, offset: -1 };
    const wronly = openFile(8, FMODE_WRITE);
    const rdonly = openFile(8, FMODE_READ);
    expect(io_submit(ctx, makeIocb({ ...wrong, fd: wronly, cmd: IOCB_CMD_PREAD }))).toBe('-EBADF');
    expect(io_submit(ctx, makeIocb({ ...wrong, fd: rdonly, cmd: IOCB_CMD_PWRITE }))).toBe('-EBADF');
  });

  test('EINVAL: the file has no such method, before the buffer', () => {
    const wrong = { fd: openEventfd(0), buf: KERNEL_ADDRESS, nbytes: 8 };
    expect(io_submit(ctx, makeIocb({ ...wrong, cmd: IOCB_CMD_PREAD }))).toBe('-EINVAL');
    expect(io_submit(ctx, makeIocb({ ...wrong, cmd: IOCB_CMD_PWRITE }))).toBe('-EINVAL');
  });

  test('EFAULT: the buffer cannot be in user memory, before the position', () => {
    for (const at of [-1, KERNEL_ADDRESS, TASK_SIZE - 4]) {
      expect(io_submit(ctx, makeIocb({ fd, buf: at, nbytes: 8, offset: -1 }))).toBe('-EFAULT');
    }
    const long = makeIocb({ fd, buf, nbytes: -1 });
    poke(long + iocb.offsetof.aio_nbytes + 4, 0x7fff_ffff);
    expect(io_submit(ctx, long)).toBe('-EFAULT');
    const high = makeIocb({ fd, buf, nbytes: 8 });
    poke(high + iocb.offsetof.aio_buf + 4, 1);
    expect(io_submit(ctx, high)).toBe('-EFAULT');
  });

  test('EINVAL: the position is negative, or the end is', () => {
    expect(io_submit(ctx, makeIocb({ fd, buf, nbytes: 8, offset: -1 }))).toBe('-EINVAL');
    expect(io_submit(ctx, makeIocb({ fd, buf, nbytes: 8, offset: -0x8000_0000 }))).toBe('-EINVAL');
    const last = makeIocb({ fd, buf, nbytes: 8, offset: -8 });
    poke(last + iocb.offsetof.aio_offset + 4, 0x7fff_ffff);
    expect(io_submit(ctx, last)).toBe('-EINVAL');
    setIocb(last, 'aio_offset', -9);
    expect(io_submit(ctx, last)).toBe(1);
  });
});

describe('an error', () => {
  test('ends the batch, and is told only if it is the first', () => {
    const bad = makeIocb({ fd: 99 });
    expect(io_submit(ctx, good, good, bad, good)).toBe(2);
    expect(io_submit(ctx, bad, good)).toBe('-EBADF');
    expect(io_submit(ctx, good, 0)).toBe(1);
    expect(io_getevents(ctx, 9)).toHaveLength(3);
  });

  test('gives the slot, the file and the eventfd back', () => {
    const bads = [makeIocb({ fd: 99 }), makeIocb({ fd, cmd: 99 }), makeIocb({ fd, buf: -1, nbytes: 1 })];
    const resfd = makeIocb({ fd, cmd: 99 });
    setIocb(resfd, 'aio_flags', IOCB_FLAG_RESFD);
    setIocb(resfd, 'aio_resfd', openEventfd(0));
    for (const bad of [...bads, resfd]) for (let i = 0; i < 200; i++) sys_io_submit(ctx, 1, pointerArray([bad]));
    expect(io_submit(ctx, ...Array<number>(LIMIT + 1).fill(good))).toBe(LIMIT);
  });
});

describe('what becomes an event instead', () => {
  const one = (at: number): unknown => {
    expect(io_submit(ctx, at)).toBe(1);
    return io_getevents(ctx, 9);
  };

  test('a buffer that is not mapped, or not writable: -EFAULT', () => {
    for (const at of [0, mallocReadOnly()]) {
      expect(one(makeIocb({ fd, buf: at, nbytes: 8, data: 5 }))).toEqual([{ data: 5, res: -EFAULT }]);
    }
  });

  test('a read at or behind the end: 0; across the end: what is there', () => {
    expect(one(makeIocb({ fd, buf, nbytes: 8, offset: 4096 }))).toEqual([{ data: 0, res: 0 }]);
    expect(one(makeIocb({ fd, buf, nbytes: 8, offset: 0x7000_0000 }))).toEqual([{ data: 0, res: 0 }]);
    expect(one(makeIocb({ fd, buf, nbytes: 64, offset: 4090 }))).toEqual([{ data: 0, res: 6 }]);
  });

  test('a request of no bytes', () => {
    expect(one(makeIocb({ fd, buf: 0, nbytes: 0 }))).toEqual([{ data: 0, res: 0 }]);
    expect(one(makeIocb({ fd, cmd: IOCB_CMD_PWRITE, buf: 0, nbytes: 0 }))).toEqual([{ data: 0, res: 0 }]);
  });

  test('a driver that wants the call to be restarted: -EINTR, there is no call any more', () => {
    const filp = inKernel(() => alloc_file(restarting_fops, FMODE_READ, null));
    const files = files_struct.at(current.files);
    expect(one(makeIocb({ fd: inKernel(() => fd_install(files, filp as file)) }))).toEqual([{ data: 0, res: -EINTR }]);
  });

  test('a write to a file that was opened to append goes to its end', () => {
    const log = openFile(6, FMODE_READ | FMODE_WRITE, O_APPEND);
    poke(buf, 0x64636261);
    expect(one(makeIocb({ fd: log, cmd: IOCB_CMD_PWRITE, buf, nbytes: 4, offset: 1 }))).toEqual([{ data: 0, res: 4 }]);
    expect(one(makeIocb({ fd: log, buf: buf + 64, nbytes: 99, offset: 6 }))).toEqual([{ data: 0, res: 4 }]);
    expect(peek(buf + 64)).toBe(0x64636261);
  });
});

describe('an iocb', () => {
  test('its key is written, and not looked at', () => {
    setIocb(good, 'aio_key', 7);
    expect(io_submit(ctx, good)).toBe(1);
    expect(peek(good + iocb.offsetof.aio_key)).toBe(0);
  });

  test('its priority, unknown flags, and the eventfd without its flag mean nothing', () => {
    poke(good + iocb.offsetof.aio_lio_opcode, IOCB_CMD_PREAD | (0x7fff << 16));
    setIocb(good, 'aio_flags', ~IOCB_FLAG_RESFD);
    setIocb(good, 'aio_resfd', 99);
    expect(io_submit(ctx, good)).toBe(1);
    expect(io_getevents(ctx, 9)).toEqual([{ data: 1, res: 8 }]);
  });

  test('it need not be aligned', () => {
    const at = malloc(128) + 5;
    for (let i = 0; i < 64; i += 4) poke(at + i, peek(good + i));
    expect(io_submit(ctx, at, at)).toBe(2);
    expect(io_getevents(ctx, 9)).toEqual([
      { data: 1, res: 8 },
      { data: 1, res: 8 },
    ]);
  });

  test('it is copied: what is changed afterwards does not matter', () => {
    expect(io_submit(ctx, good)).toBe(1);
    setIocb(good, 'aio_data', 2);
    expect(io_submit(ctx, good)).toBe(1);
    expect(io_getevents(ctx, 9)).toEqual([
      { data: 1, res: 8 },
      { data: 2, res: 8 },
    ]);
  });

  test('the descriptor may be closed while the events are unread', () => {
    expect(io_submit(ctx, good)).toBe(1);
    expect(close(fd)).toBe(0);
    expect(io_submit(ctx, good)).toBe('-EBADF');
    expect(io_getevents(ctx, 9)).toHaveLength(1);
  });
});

describe('slots', () => {
  const fill = (count: number): number | string => io_submit(ctx, ...Array<number>(count).fill(good));

  test('a completion frees none, a read event one', () => {
    expect(fill(LIMIT + 9)).toBe(LIMIT);
    expect(fill(1)).toBe('-EAGAIN');
    expect(io_getevents(ctx, 3)).toHaveLength(3);
    expect(fill(9)).toBe(3);
    expect(fill(1)).toBe('-EAGAIN');
  });

  test('each CPU takes batches of its own', () => {
    expect(fill(3)).toBe(3);
    runOn(1);
    expect(fill(200)).toBe(105);
    runOn(0);
    expect(fill(200)).toBe(12);
    const slots = slotsOf(contextOf(mm(), ctx));
    expect(slots).toEqual({ common: 6, own: [0, 0], live: 0, completed: 120 });
    runOn(1);
    expect(io_getevents(ctx, 200)).toHaveLength(120);
    expect(sys_io_destroy(ctx)).toBe(0);
  });
});

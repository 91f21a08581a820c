// SPDX-License-Identifier: GPL-2.0-only
/** io_setup(): what it answers, the ring that it makes, the quota, and the table of contexts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import { contextOf, contexts, slotsOf } from '../../testing/slots.ts';
import {
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocReadOnly,
  mm,
  openFile,
  tryIoSetup,
} from '../../testing/user.ts';
import { AIO_RING_MAGIC, aio_ring } from '../../uapi/aio_abi.ts';
import { errname } from '../../uapi/errno.ts';
import { peek, poke, ring_field, scribble } from '../../user/libaio.ts';
import { settleKernel } from '../../user/process.ts';
import { aio, kioctx_table } from './kioctx.ts';
import { sys_io_destroy, sys_io_getevents, sys_io_setup } from './syscalls.ts';

beforeEach(() => login());
afterEach(logout);

const U32_MAX = 0xffff_ffff;

describe('errors, in the order in which they are looked for', () => {
  test.each([
    ['NULL', 0],
    ['a kernel address', PAGE_OFFSET + 4096],
    ['-1', -1],
  ])('EFAULT: ctxp is %s, whatever nr_events is', (_what, ctxp) => {
    for (const nr of [1, 0, U32_MAX]) expect(errname(sys_io_setup(nr, ctxp))).toBe('-EFAULT');
  });

  test.each([
    ['low', 0],
    ['high', 4],
  ])('EINVAL: the %s word of *ctxp is not 0, and stays', (_which, offset) => {
    const ctxp = malloc(8);
    poke(ctxp + offset, 7);
    expect(errname(sys_io_setup(1, ctxp))).toBe('-EINVAL');
    // Before EAGAIN:
    expect(errname(sys_io_setup(65537, ctxp))).toBe('-EINVAL');
    expect(peek(ctxp + offset)).toBe(7);
  });

  // 2 * nr must fit into 0x10000000 / sizeof(struct kiocb), which is 88 on x86-64: the lower of two bounds.
  test.each([
    ['EINVAL', 0],
    ['EINVAL', U32_MAX],
    ['EINVAL', 0x40_0001],
    ['EINVAL', 1_525_202],
    ['EAGAIN', 1_525_201],
    ['EAGAIN', 65_537],
    ['EAGAIN', 0x8000_0000],
  ])('%s: nr_events is %i', (error, nr) => {
    const ctxp = malloc(8);
    expect(errname(sys_io_setup(nr, ctxp))).toBe(`-${error}`);
    expect(peek(ctxp)).toBe(0);
    expect(aio.it.aio_nr).toBe(0);
    expect(mm().map_count).toBe(0);
  });

  test('0x80000001 wraps to 2 and succeeds, as it did in v3.17', () => {
    const ctx = io_setup(0x8000_0001);
    expect(ring_field(ctx, 'nr')).toBe(127);
    expect(aio.it.aio_nr).toBe(2);
  });

  test('EFAULT: *ctxp cannot be written, and nothing is left', () => {
    expect(errname(sys_io_setup(1, mallocReadOnly()))).toBe('-EFAULT');
    expect([aio.it.aio_nr, mm().map_count, contexts(mm()).length]).toEqual([0, 0, 0]);
  });
});

test('ctxp need not be aligned', () => {
  const ctxp = malloc(16) + 3;
  expect(sys_io_setup(1, ctxp)).toBe(0);
  expect(ring_field(peek(ctxp), 'magic')).toBe(AIO_RING_MAGIC);
});

describe('the ring', () => {
  test('its header', () => {
    const ctx = io_setup(1);
    const fields = Object.keys(aio_ring.offsetof) as (keyof typeof aio_ring.offsetof)[];
    expect(Object.fromEntries(fields.map((field) => [field, ring_field(ctx, field)]))).toEqual({
      id: 0,
      nr: 127,
      head: 0,
      tail: 0,
      magic: 0xa10a10a1,
      compat_features: 1,
      incompat_features: 0,
      header_length: 32,
    });
  });

  test.each([
    [1, 127],
    [62, 127],
    [63, 255],
    [126, 255],
    [127, 383],
    [190, 383],
    [191, 511],
    [254, 511],
    [255, 639],
    [256, 639],
    [500, 1023],
    [1000, 2047],
    [1024, 2175],
    [4096, 8319],
    [65536, 131199],
  ])('io_setup(%i) makes a ring of %i', (asked, nr) => {
    const handle = io_setup(asked);
    expect(ring_field(handle, 'nr')).toBe(nr);
    const ctx = contextOf(mm(), handle);
    expect([ctx.nr_events, ctx.mmap_base, ctx.mmap_size]).toEqual([nr, handle, 32 * (nr + 1)]);
    expect(slotsOf(ctx)).toEqual({ common: nr - 1, own: [0, 0], live: 0, completed: 0 });
  });

  test('more CPUs make a larger ring, and smaller batches', () => {
    logout();
    login({ cpus: 16 });
    const ctx = contextOf(mm(), io_setup(32));
    expect([ctx.max_reqs, ctx.nr_events, ctx.req_batch]).toEqual([128, 255, 3]);
  });
});

describe('the quota', () => {
  const asked = 8;
  const charged = 2 * asked;

  test('a context is charged twice what was asked for, and four times the CPUs at least', () => {
    io_setup(100);
    expect(aio.it.aio_nr).toBe(200);
    io_setup(1);
    expect(aio.it.aio_nr).toBe(200 + charged);
  });

  test('it is twice aio_max_nr, to the last', () => {
    aio.it.aio_max_nr = charged;
    const first = io_setup(asked);
    expect(tryIoSetup(asked)).toBe('0');
    expect(aio.it.aio_nr).toBe(2 * charged);
    expect(tryIoSetup(asked)).toBe('-EAGAIN');
    expect(aio.it.aio_nr).toBe(2 * charged);
    expect(sys_io_destroy(first)).toBe(0);
    expect(tryIoSetup(asked)).toBe('0');
  });

  test('io_destroy() gives it back before it returns: io_setup() never fails for a user who owns nothing', () => {
    aio.it.aio_max_nr = asked;
    for (let i = 0; i < 20; i++) expect(sys_io_destroy(io_setup(asked))).toBe(0);
  });

  test('one that asks for more than there can be is refused before anything is made', () => {
    aio.it.aio_max_nr = asked;
    expect(tryIoSetup(asked + 1)).toBe('-EAGAIN');
    expect(mm().map_count).toBe(0);
  });

  test('one that is refused for what others have leaves its mapping behind, without pages, as v3.17 does', () => {
    aio.it.aio_max_nr = asked;
    const ctx = io_setup(asked);
    const ctxp = malloc(8);
    expect(errname(sys_io_setup(asked, ctxp))).toBe('-EAGAIN');
    expect(peek(ctxp)).toBe(0);
    settleKernel();
    expect(mm().map_count).toBe(2);
    expect(() => peek(ctx + 4096)).toThrow('segmentation fault');
    expect(contexts(mm())).toHaveLength(1);
  });
});

describe('the table', () => {
  const tableSize = (): number => kioctx_table.at(mm().ioctx_table).nr;
  const setups = (count: number): number[] => Array.from({ length: count }, () => io_setup(1));

  test('it grows from 4 to 16 to 64, and every context is still found', () => {
    const handles: number[] = [];
    for (const size of [4, 16, 64]) {
      handles.push(...setups(size - handles.length));
      expect(tableSize()).toBe(size);
    }
    expect(handles.map((handle) => ring_field(handle, 'id'))).toEqual(handles.map((_, i) => i));
    for (const handle of handles) expect(sys_io_getevents(handle, 0, 0, 0, 0)).toBe(0);
    for (const handle of handles) expect(sys_io_destroy(handle)).toBe(0);
    expect(contexts(mm())).toEqual([]);
  });

  test('the lowest free id is given next', () => {
    const handles = setups(6);
    for (const i of [4, 1]) expect(sys_io_destroy(handles[i]!)).toBe(0);
    expect(setups(3).map((handle) => ring_field(handle, 'id'))).toEqual([1, 4, 6]);
  });

  test('a handle is the address of a mapping, and the address is used again', () => {
    const first = io_setup(1);
    io_setup(1);
    expect(sys_io_destroy(first)).toBe(0);
    expect(io_setup(1)).toBe(first);
  });

  test('a scribbled id makes the handle unknown, and putting it right heals it', () => {
    const [one, two] = setups(2) as [number, number];
    const iocb = makeIocb({ fd: openFile(8), buf: malloc(8), nbytes: 8 });
    for (const id of [0, 3, 4, 99_999, U32_MAX]) {
      scribble(two, 'id', id);
      expect(io_submit(two, iocb)).toBe('-EINVAL');
      expect(errname(sys_io_getevents(two, 0, 0, 0, 0))).toBe('-EINVAL');
      expect(errname(sys_io_destroy(two))).toBe('-EINVAL');
    }
    scribble(two, 'id', 1);
    expect(io_submit(two, iocb)).toBe(1);
    expect(io_submit(one, iocb)).toBe(1);
  });
});

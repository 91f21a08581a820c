// SPDX-License-Identifier: GPL-2.0-only
/** PREADV and PWRITEV: the vector, its limits, and where the bytes go. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../arch/sab/access.ts';
import {
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mallocGuarded,
  mallocReadOnly,
  openFile,
} from '../../testing/user.ts';
import { IOCB_CMD_PREAD, IOCB_CMD_PREADV, IOCB_CMD_PWRITEV, iocb, iovec } from '../../uapi/aio_abi.ts';
import { EFAULT } from '../../uapi/errno.ts';
import { peek, poke } from '../../user/libaio.ts';

let ctx = 0;
let fd = 0;
beforeEach(() => {
  login();
  ctx = io_setup(1);
  fd = openFile(4096);
});
afterEach(logout);

const UIO_MAXIOV = 1024;

/** A vector at `at`, or in new memory. */
function vectorAt(at: number, elements: readonly (readonly [base: number, bytes: number])[]): number {
  for (const [i, [base, bytes]] of elements.entries()) {
    const element = at + i * iovec.sizeof;
    poke(element, base);
    poke(element + 4, base >> 31);
    poke(element + 8, bytes);
    poke(element + 12, bytes >> 31);
  }
  return at;
}
const vector = (...elements: readonly (readonly [base: number, bytes: number])[]): number =>
  vectorAt(malloc(elements.length * iovec.sizeof), elements);

const readv = (buf: number, nbytes: number, offset = 0): number =>
  makeIocb({ fd, cmd: IOCB_CMD_PREADV, buf, nbytes, offset });
const writev = (buf: number, nbytes: number, offset = 0): number =>
  makeIocb({ fd, cmd: IOCB_CMD_PWRITEV, buf, nbytes, offset });

/** Submits one, which must complete at once. @returns its result */
function run(at: number): number {
  expect(io_submit(ctx, at)).toBe(1);
  const events = io_getevents(ctx, 2);
  if (typeof events === 'string') throw new Error(events);
  expect(events).toHaveLength(1);
  return events[0]!.res;
}

describe('bytes', () => {
  test('a vector is gathered, and scattered over another one', () => {
    const words = Array.from({ length: 6 }, (_, i) => 0x1111_1111 * (i + 1));
    const from = [malloc(64), malloc(64), malloc(64)];
    for (const [i, word] of words.entries()) poke(from[i >> 1]! + 4 * (i & 1), word | 0);
    expect(run(writev(vector([from[2]!, 8], [from[1]!, 8], [from[0]!, 8]), 3, 100))).toBe(24);

    const to = [malloc(64), malloc(64)];
    expect(run(readv(vector([to[0]!, 4], [0, 0], [to[1]!, 20]), 3, 100))).toBe(24);
    const got = [peek(to[0]!), ...[0, 4, 8, 12, 16].map((offset) => peek(to[1]! + offset))];
    expect(got).toEqual([4, 5, 2, 3, 0, 1].map((i) => words[i]! | 0));
    expect([peek(to[0]! + 4), peek(to[1]! + 20)]).toEqual([0, 0]);
  });

  test('the end of the file may lie inside of any element', () => {
    const to = malloc(256);
    expect(run(readv(vector([to, 100], [to + 100, 100]), 2, 4096 - 150))).toBe(150);
    expect(run(readv(vector([to, 100], [to + 100, 100]), 2, 4096 - 100))).toBe(100);
    expect(run(readv(vector([to, 100], [to + 100, 100]), 2, 4096))).toBe(0);
  });

  test('as many elements as there may be', () => {
    const to = malloc(UIO_MAXIOV * 4);
    for (let i = 0; i < 4096; i += 4) poke(to + i, i);
    const all = Array.from({ length: UIO_MAXIOV }, (_, i) => [to + 4 * i, 4] as const);
    expect(run(writev(vector(...all), UIO_MAXIOV))).toBe(4096);
    const back = malloc(4096);
    expect(run(makeIocb({ fd, cmd: IOCB_CMD_PREAD, buf: back, nbytes: 4096 }))).toBe(4096);
    for (let i = 0; i < 4096; i += 4) expect(peek(back + i)).toBe(i);
  });

  test('no element, wherever the vector is', () => {
    for (const at of [0, -1, vector([malloc(8), 8])]) expect(run(readv(at, 0))).toBe(0);
    const high = readv(0, 0);
    poke(high + iocb.offsetof.aio_buf + 4, 1);
    expect(run(high)).toBe(0);
  });

  test('a fault in a later element ends the transfer, and in the first is -EFAULT', () => {
    const ok = malloc(64);
    const readOnly = mallocReadOnly();
    expect(run(readv(vector([ok, 8], [readOnly, 8], [ok, 8]), 3))).toBe(8);
    expect(run(readv(vector([readOnly, 8], [ok, 8]), 2))).toBe(-EFAULT);
    expect(run(readv(vector([mallocGuarded(8), 64]), 1))).toBe(8);
  });
});

describe('errors of io_submit()', () => {
  test('EINVAL: too many elements', () => {
    const at = vector([malloc(8), 8]);
    for (const count of [UIO_MAXIOV + 1, 0x7fff_ffff]) expect(io_submit(ctx, readv(at, count))).toBe('-EINVAL');
    const huge = readv(at, 1);
    poke(huge + iocb.offsetof.aio_nbytes + 4, 1);
    expect(io_submit(ctx, huge)).toBe('-EINVAL');
    // Before the vector is read.
    expect(io_submit(ctx, readv(0, UIO_MAXIOV + 1))).toBe('-EINVAL');
  });

  test('EFAULT: the vector, or a part of it, cannot be read', () => {
    for (const at of [0, -1, PAGE_OFFSET + 4096]) expect(io_submit(ctx, readv(at, 1))).toBe('-EFAULT');
    const last = vectorAt(mallocGuarded(2 * iovec.sizeof), [
      [malloc(8), 8],
      [malloc(8), 8],
    ]);
    expect(io_submit(ctx, readv(last, 3))).toBe('-EFAULT');
    expect(run(readv(last, 2))).toBe(16);
    const high = readv(last, 1);
    poke(high + iocb.offsetof.aio_buf + 4, 1);
    expect(io_submit(ctx, high)).toBe('-EFAULT');
  });

  test('EINVAL: a length is negative; EFAULT: memory that cannot be the user’s; whichever comes first', () => {
    const ok = malloc(8);
    const negative = [ok, -1] as const;
    const kernel = [PAGE_OFFSET, 8] as const;
    expect(io_submit(ctx, readv(vector([ok, 8], negative), 2))).toBe('-EINVAL');
    expect(io_submit(ctx, readv(vector([ok, 8], kernel), 2))).toBe('-EFAULT');
    expect(io_submit(ctx, readv(vector(negative, kernel), 2))).toBe('-EINVAL');
    expect(io_submit(ctx, readv(vector(kernel, negative), 2))).toBe('-EFAULT');
    expect(io_submit(ctx, writev(vector([ok, 0x7fff_ffff]), 1))).toBe('-EFAULT');
  });

  test('EINVAL: the position, after the vector', () => {
    const ok = vector([malloc(8), 8]);
    expect(io_submit(ctx, readv(ok, 1, -1))).toBe('-EINVAL');
    expect(io_submit(ctx, readv(0, 1, -1))).toBe('-EFAULT');
  });
});

// SPDX-License-Identifier: GPL-2.0-only
/** Draws iocbs: the opcode mostly one that the descriptor is for, the other fields right or odd. */
import fc from 'fast-check';
import type { Long, Place } from '../trace/kinds.ts';
import type { IocbFields } from '../trace/trace.ts';
import { type Draw, given, mostly, nat, oneOf, rarely } from './arbitraries.ts';
import { FILE_BYTES, pick } from './model.ts';

/** Iocbs that a trace may name. */
const IOCBS = 6;

const LONG_MAX = '0x7fffffffffffffff';
/** What each descriptor can do. The other pipes are for the polls. */
export const FDS: readonly { readonly fd: string | number; readonly can: readonly IocbFields['cmd'][] }[] = [
  { fd: 'rw', can: ['pread', 'pwrite', 'preadv', 'pwritev'] },
  { fd: 'rw', can: ['pread', 'pread', 'pwrite'] },
  { fd: 'r', can: ['pread', 'preadv'] },
  { fd: 'w', can: ['pwrite', 'pwritev'] },
  { fd: 'dir', can: ['pread'] },
  { fd: 'e', can: ['pread', 'preadv'] },
  { fd: 'pr', can: ['pread', 'preadv'] },
  { fd: 'pw', can: ['pwrite', 'pwrite', 'pwritev'] },
  { fd: -1, can: ['pread'] },
  { fd: 9999, can: ['pread', 'pwrite'] },
];
const OTHERS: readonly IocbFields['cmd'][] = [
  'pread',
  'pwrite',
  'preadv',
  'pwritev',
  'noop',
  4,
  9,
  99,
  0xffff,
  'fsync',
  'fdsync',
];

const buffers = mostly(oneOf('b'), oneOf('NULL', 'BAD', 'MINUS1', 'RO', 'GUARD'));
const lengths = mostly(
  oneOf<Long>(0, 1, 2, 8, 16, 511, 512, 4096, 8192, 9000),
  // Not what ends behind the port's user space and before that of 64 bits: that is right to be another answer.
  oneOf<Long>(-1, LONG_MAX, '0x8000000000000000'),
);
/** No more than the vector has: what stands behind it is nobody's. */
const counts = oneOf<Long>(0, 1, 2, 3, 3, 1025, -1);
const offsets = mostly(
  oneOf<Long>(0, 0, 1, 8, 512, 4095, 4096, 8184, 8191, 8192, 8193, 12288),
  oneOf<Long>(-1, -4096, '0x7fffffffffffffff', '0x8000000000000000'),
);

export const isVectored = (cmd: IocbFields['cmd']): boolean => cmd === 'preadv' || cmd === 'pwritev';

export const drawIocb = fc
  .record({
    name: nat,
    fd: nat,
    cmd: nat,
    unlike: rarely(nat, 7),
    buf: buffers,
    nbytes: lengths,
    count: counts,
    offset: offsets,
    data: oneOf<Long>(0, 1, 2, 77, -1, '0x7fffffffffffffff', '0xdeadbeefcafebabe'),
    resfd: rarely(oneOf<string | number>('e', 'e', 'e', 'e', 'rw', -1, 9999), 6),
    // Without bit 0: whatever descriptor 0 is, it is another on each side. Without bit 1.
    flags: rarely(oneOf(4, 0x100, -4), 20),
    key: rarely(oneOf(1, -1), 20),
    reqprio: rarely(oneOf(1, -1, 0x4000), 20),
    // With bit 1, by which later kernels look at it: these are right there, too.
    priority: rarely(oneOf(0, 0x4000, 0x4004, 0x4007, 0x6000, 0x6007), 12),
    reserved2: rarely(oneOf<Long>(1, '0x8000000000000000'), 25),
    rw_flags: rarely(oneOf(1, 0x40), 60),
    at: rarely(oneOf<Place>('unaligned', 'readonly', { mapped: 32 }), 25),
  })
  .map(
    (drawn): Draw =>
      (model) => {
        const { name: n, fd: which, cmd: how, unlike, count, resfd, flags, ...others } = drawn;
        const { priority, reqprio, buf, nbytes, offset, at, ...rest } = others;
        const name = `x${n % IOCBS}`;
        const { fd, can } = pick(FDS, which);
        if (typeof fd === 'string' && fd !== 'dir' && !model.fds.has(fd)) return [];
        const cmd = unlike === undefined ? pick(can, how) : pick(OTHERS, unlike);
        const vectored = isVectored(cmd);
        // What a write that fails does to the size of a file is the file system's to say.
        const beyond = /^pwrite/.test(String(cmd)) && Number(offset) >= FILE_BYTES && (vectored || buf !== 'b');
        // Which of the two is seen first is not the same in later kernels, and not foretold.
        const whole = nbytes === LONG_MAX && !vectored;
        const bits = (resfd === undefined ? 0 : 1) | (priority === undefined ? 0 : 2);
        const known = model.iocbs.includes(name);
        if (!known) model.iocbs.push(name);
        return [
          given({
            op: 'iocb',
            iocb: name,
            cmd,
            fd,
            // The bytes of a buffer are no vector: their addresses mean something else in 64 bits.
            buf: vectored && buf === 'b' ? (model.hasVector ? 'v' : 'NULL') : buf,
            nbytes: vectored ? count : nbytes,
            ...rest,
            offset: whole || beyond ? 0 : offset,
            reqprio: priority ?? reqprio,
            // Bit 0 says that resfd means something, bit 1 that reqprio does.
            flags: bits === 0 ? flags : (flags ?? 0) | bits,
            resfd,
            at: known ? undefined : at,
          }),
        ];
      },
  );

const parts = fc.tuple(
  mostly(oneOf('b'), oneOf('NULL', 'BAD', 'RO', 'GUARD')),
  oneOf(0, 8, 512, 4096),
  mostly(oneOf<Long>(0, 1, 8, 512, 4096), oneOf<Long>(-1, '0x8000000000000000')),
);

/** The vector of those iocbs that have one: three parts, of which they take as many as they say. */
export const drawVector = fc.tuple(parts, parts, parts).map(
  (vec): Draw =>
    (model) => {
      model.hasVector = true;
      return [{ op: 'iovec', iov: 'v', vec }];
    },
);

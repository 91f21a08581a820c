// SPDX-License-Identifier: GPL-2.0-only
/**
 * Draws submits of which v3.17 takes more than later kernels, as far as it is foretold how much: differences.ts has the
 * rows list_is_taken_whole and priority_is_ignored. After most of them nothing more is compared.
 */
import fc from 'fast-check';
import type { Long } from '../trace/kinds.ts';
import type { IocbFields, TraceOp } from '../trace/trace.ts';
import { type Draw, given, mostly, nat, oneOf, rarely } from './arbitraries.ts';
import { FDS } from './draw_iocb.ts';
import { BULK, type Model, pick } from './model.ts';

/** Iocbs that may have an odd priority. They have names of their own: no other submit may name them. */
const ODD = 3;
const INT_MAX = 0x7fffffff;
const POINTER_BYTES = 8;

const counts = oneOf(119, 126, 127, 128, 129, 134, 140, BULK, BULK);
const heads = oneOf(0, 1, 2, 6, 7, 8, 9, 15, 30, 63, 100, 120, 125, 126, 127, 128, 135, 254, INT_MAX, 0x80000000);

/** More than the smallest ring has slots, for a new context; with a head by which many of them are free at once. */
export const submitLong = fc
  .record({
    count: counts,
    head: mostly<number | undefined>(heads, fc.constant(undefined)),
    from: oneOf(0, 0, 1),
    more: rarely(oneOf(1, 1000, 1 << 17), 4),
  })
  .map(
    ({ count, head, from, more }): Draw =>
      (model) => {
        const made = model.hasClosed ? null : model.newContext(false);
        if (made === null) return [];
        Object.assign(made, { alive: true, sound: head === undefined, asked: count });
        const ctx = made.name;
        const iocbs = { prefix: 'i', count: Math.min(count, BULK - from), from };
        // Memory ends behind the list.
        const end = more === undefined ? {} : { nr: iocbs.count + more, at: { mapped: POINTER_BYTES * iocbs.count } };
        const overwritten: TraceOp[] = head === undefined ? [] : [{ op: 'ring_write', ctx, set: { head } }];
        return [{ op: 'io_setup', ctx, nr_events: 1 }, ...overwritten, { op: 'io_submit', ctx, iocbs, ...end }];
      },
  );

/** The class is in the upper three bits: none, realtime, best effort, idle, and four that are none. */
const priorities = fc.oneof(
  oneOf(0, 1, 7, 8, -1, 0x1fff, 0x2000, 0x2004, 0x3fff, 0x4000, 0x4004, 0x6000, 0x7fff, -0x8000, -0x2000),
  fc.integer({ min: -0x8000, max: 0x7fff }),
);

/** A request that any kernel takes; null if nothing is open that can be read. */
function goodOne(model: Model): TraceOp | null {
  const fd = ['rw', 'r'].find((name) => model.fds.has(name));
  return fd === undefined ? null : { op: 'iocb', iocb: 'good', cmd: 'pread', fd, buf: 'b', nbytes: 8, data: 300 };
}

/** What else there is in a list. */
const before = fc.array(oneOf('good', 'odd'), { maxLength: 1 });
const behind = fc.array(oneOf('good', 'good', 'odd', 'NULL', 'BAD'), { maxLength: 2 });

/** An iocb with IOCB_FLAG_IOPRIO, whose priority may be none, alone or among others; where there surely are slots. */
export const submitPriority = fc
  .record({
    context: nat,
    name: nat,
    fd: nat,
    cmd: mostly<IocbFields['cmd']>(
      oneOf<IocbFields['cmd']>('pread', 'pread', 'pwrite', 'preadv', 'pwritev'),
      oneOf<IocbFields['cmd']>('noop', 99),
    ),
    buf: oneOf('b', 'b', 'b', 'b', 'NULL', 'BAD', 'MINUS1'),
    nbytes: mostly<Long>(oneOf(1, 8, 512), oneOf(-1)),
    parts: oneOf<Long>(0, 1, 3, 1025),
    offset: mostly<Long>(oneOf(0, 512), oneOf<Long>(-1, '0x7fffffffffffffff')),
    resfd: rarely(oneOf<string | number>('e', 'e', 'rw', 9999), 4),
    reserved2: rarely(oneOf<Long>(1), 20),
    rest: oneOf(0, 0, 4, -4),
    reqprio: priorities,
    before,
    behind,
  })
  .map(
    ({ context, name: n, fd: which, buf, nbytes, parts, resfd, rest, ...drawn }): Draw =>
      (model) => {
        const { before: sooner, behind: later, ...fields } = drawn;
        const found = model.contextWithRoom(context);
        const { fd } = pick(FDS, which);
        const good = goodOne(model);
        const isOpen = typeof fd !== 'string' || fd === 'dir' || model.fds.has(fd);
        const isClosed = resfd === 'rw' && !model.fds.has('rw');
        if (found === null || good === null || !isOpen || isClosed) return [];
        const iocb = `q${n % ODD}`;
        const iocbs = [...sooner, 'odd', ...later].map((one) => (one === 'odd' ? iocb : one));
        model.ask(found, iocbs.length);
        const vectored = fields.cmd === 'preadv' || fields.cmd === 'pwritev';
        // What a write that fails behind the end does to a file is the file system's to say.
        const offset = /^pwrite/.test(String(fields.cmd)) && fields.offset !== -1 ? 0 : fields.offset;
        const flags = rest | 2 | (resfd === undefined ? 0 : 1);
        const memory = vectored
          ? { buf: buf === 'b' ? (model.hasVector ? 'v' : 'NULL') : buf, nbytes: nbytes === -1 ? nbytes : parts }
          : { buf, nbytes };
        return [
          good,
          given({ op: 'iocb', iocb, fd, ...memory, ...fields, offset, flags, resfd }),
          { op: 'io_submit', ctx: found.name, iocbs },
        ];
      },
  );

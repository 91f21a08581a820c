// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace, each as what it does on the port and what it answers. */
import { load8 } from '../../src/arch/sab/memory.ts';
import { nullb_complete_by_hand } from '../../src/drivers/null_blk.ts';
import { aio } from '../../src/fs/aio/kioctx.ts';
import {
  sys_io_cancel,
  sys_io_destroy,
  sys_io_getevents,
  sys_io_setup,
  sys_io_submit,
} from '../../src/fs/aio/syscalls.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import {
  aio_ring,
  IOCB_CMD_FDSYNC,
  IOCB_CMD_FSYNC,
  IOCB_CMD_NOOP,
  IOCB_CMD_PREAD,
  IOCB_CMD_PREADV,
  IOCB_CMD_PWRITE,
  IOCB_CMD_PWRITEV,
  iocb,
  iovec,
} from '../../src/uapi/aio_abi.ts';
import { errname } from '../../src/uapi/errno.ts';
import {
  EVENT_BYTES,
  emptyEvent,
  io_prep,
  peek,
  poke,
  ring_field,
  scribble,
  user_getevent,
} from '../../src/user/libaio.ts';
import { poke64, ramp, sha, shaOfMemory, writeBytes } from './port_memory.ts';
import type { PortProcess } from './port_process.ts';
import type { Answer, TraceEvent, TraceOp } from './trace.ts';

/** A list that is longer stands in a trace as its hash, its first and its last element. */
const LIST_MAX = 24;
const POINTER_BYTES = 8;
const COMMANDS: Readonly<Record<string, number>> = {
  pread: IOCB_CMD_PREAD,
  pwrite: IOCB_CMD_PWRITE,
  fsync: IOCB_CMD_FSYNC,
  fdsync: IOCB_CMD_FDSYNC,
  noop: IOCB_CMD_NOOP,
  preadv: IOCB_CMD_PREADV,
  pwritev: IOCB_CMD_PWRITEV,
  // The descriptor is one of the pending device.
  poll: IOCB_CMD_PREAD,
};

type RingField = keyof typeof aio_ring.offsetof;

/** 0 and counts as they are, errors by name. */
const answer = (ret: number): number | string => (ret < 0 ? errname(ret) : ret);

function eventsAnswer(events: readonly TraceEvent[]): Answer {
  if (events.length <= LIST_MAX) return { events };
  return { events_sha: sha(JSON.stringify(events)), first: events[0], last: events.at(-1) };
}

function ioSetup(port: PortProcess, op: TraceOp): Answer {
  const init = op.init ?? 0;
  const special = op.ctxp === undefined ? null : port.memory.special(op.ctxp);
  const ctxp = special ?? port.memory.alloc(POINTER_BYTES);
  if (special === null) poke64(ctxp, init);
  const ret = sys_io_setup(op.nr_events ?? 0, ctxp);
  const ctxp_unchanged = special === null && peek(ctxp) === init && peek(ctxp + 4) === 0;
  if (ret !== 0) return { ret: answer(ret), ctxp_unchanged };
  const handle = peek(ctxp);
  port.setContext(op.ctx ?? '', handle);
  return { ret, ctxp_unchanged, ring_nr: ring_field(handle, 'nr'), id: ring_field(handle, 'id') };
}

/** The user address of the array of pointers that a submit names, and its length. */
function iocbArray(port: PortProcess, which: TraceOp['iocbs']): { at: number; count: number } {
  if (typeof which === 'string') return { at: port.memory.special(which) ?? 0, count: 0 };
  if (which === undefined) throw new Error('io_submit without iocbs');
  const names =
    'prefix' in which ? Array.from({ length: which.count }, (_, i) => `${which.prefix}${which.from + i}`) : which;
  const at = port.memory.alloc(POINTER_BYTES * names.length);
  names.forEach((name, i) => {
    const va = port.iocb(name);
    poke(at + POINTER_BYTES * i, va);
    poke(at + POINTER_BYTES * i + 4, va >> 31);
  });
  return { at, count: names.length };
}

function ioSubmit(port: PortProcess, op: TraceOp): Answer {
  const { at, count } = iocbArray(port, op.iocbs);
  return { ret: answer(sys_io_submit(port.context(op.ctx), op.nr ?? count, at)) };
}

function eventRoom(port: PortProcess, op: TraceOp): number {
  if (typeof op.events === 'string') return port.memory.special(op.events) ?? 0;
  if (typeof op.events === 'object') return port.memory.allocGuarded(op.events.guard_after * EVENT_BYTES);
  return port.memory.alloc(Math.max(0, op.nr ?? 0) * EVENT_BYTES);
}

function timespec(port: PortProcess, timeout: TraceOp['timeout']): number {
  if (timeout === null || timeout === undefined) return 0;
  if (timeout === 'BAD') return port.memory.special('BAD') ?? 0;
  const at = port.memory.alloc(16);
  poke64(at, timeout[0]);
  poke64(at + 8, timeout[1]);
  return at;
}

function ioGetevents(port: PortProcess, op: TraceOp): Answer {
  const room = eventRoom(port, op);
  const timeout = timespec(port, op.timeout);
  const ret = sys_io_getevents(port.context(op.ctx), op.min_nr ?? 0, op.nr ?? 0, room, timeout);
  return { ret: answer(ret), ...eventsAnswer(port.eventsAt(room, ret)) };
}

function userReap(port: PortProcess, op: TraceOp): Answer {
  const handle = port.context(op.ctx);
  const events: TraceEvent[] = [];
  const taken = emptyEvent();
  while (events.length < (op.max ?? Number.POSITIVE_INFINITY)) {
    const slot = ring_field(handle, 'head') % ring_field(handle, 'nr');
    const event = port.event(handle + aio_ring.sizeof + slot * EVENT_BYTES);
    if (!user_getevent(handle, taken)) break;
    events.push(event);
  }
  return { ret: events.length, ...eventsAnswer(events) };
}

function makeIocb(port: PortProcess, op: Partial<TraceOp>, name: string, i: number): void {
  const at = port.makeIocb(name);
  const command = typeof op.cmd === 'number' ? op.cmd : COMMANDS[op.cmd ?? ''];
  if (command === undefined) throw new Error(`the port has no command ${op.cmd}`);
  const buf = port.pointer(op.buf);
  io_prep(
    at,
    command,
    port.fd(op.fd),
    buf + i * (op.bufstride ?? 0),
    op.nbytes ?? 0,
    (op.offset ?? 0) + i * (op.stride ?? 0),
    (op.data ?? 0) + i,
    0,
  );
  poke(at + iocb.offsetof.aio_buf + 4, buf >> 31);
  poke64(at + iocb.offsetof.aio_reserved2, op.reserved2 ?? 0);
}

function makeBuffer(port: PortProcess, op: TraceOp): Answer {
  const bytes = op.size ?? 0;
  const at = port.makeBuffer(op.buf ?? '', bytes);
  writeBytes(at, bytes, op.fill === 'ramp' ? (i) => ramp(i, op.seed ?? 0) : () => 0);
  return {};
}

function makeIovec(port: PortProcess, op: TraceOp): Answer {
  const vec = op.vec ?? [];
  const at = port.makeBuffer(op.iov ?? '', vec.length * iovec.sizeof);
  vec.forEach(([buf, offset, bytes], i) => {
    poke64(at + i * iovec.sizeof + iovec.offsetof.iov_base, port.pointer(buf) + offset);
    poke64(at + i * iovec.sizeof + iovec.offsetof.iov_len, bytes);
  });
  return {};
}

function fileSha(port: PortProcess, op: TraceOp): Answer {
  const disk = port.file(op.file);
  kernel_enter();
  const bytes = Uint8Array.from({ length: disk.size }, (_, i) => load8(disk.data + i));
  kernel_exit();
  return { size: bytes.length, sha: sha(bytes) };
}

function complete(port: PortProcess, op: TraceOp): Answer {
  kernel_enter();
  const found = nullb_complete_by_hand(port.iocb(op.iocb), op.res ?? 0);
  kernel_exit();
  return { ret: found ? 1 : 0 };
}

const nothing: Answer = {};

/** What each op does. */
export const OPS: Readonly<Record<string, (port: PortProcess, op: TraceOp) => Answer>> = {
  io_setup: ioSetup,
  io_submit: ioSubmit,
  io_getevents: ioGetevents,
  io_cancel: (port, op) => ({ ret: answer(sys_io_cancel(port.context(op.ctx), port.iocb(op.iocb))) }),
  io_destroy: (port, op) => ({ ret: answer(sys_io_destroy(port.context(op.ctx))) }),
  user_reap: userReap,
  ring_read: (port, op) =>
    Object.fromEntries((op.fields ?? []).map((name) => [name, ring_field(port.context(op.ctx), name as RingField)])),
  ring_write(port, op) {
    for (const [name, value] of Object.entries(op.set ?? {})) scribble(port.context(op.ctx), name as RingField, value);
    return nothing;
  },
  iocb(port, op) {
    makeIocb(port, op, op.iocb ?? '', 0);
    return nothing;
  },
  iocbs(port, op) {
    const { cmd = '', prefix = '', stride = 0, bufstride = 0 } = op;
    for (let i = 0; i < (op.count ?? 0); i++)
      makeIocb(port, { ...op.each, cmd, stride, bufstride }, `${prefix}${i}`, i);
    return nothing;
  },
  file(port, op) {
    port.makeFile(op.file ?? '', op.size ?? 0, op.seed ?? 0);
    return nothing;
  },
  open(port, op) {
    port.open(String(op.fd), op.file, op.mode ?? '');
    return nothing;
  },
  close: (port, op) => ({ ret: answer(port.close(String(op.fd))) }),
  pipe(port, op) {
    port.openPending(op.r ?? '');
    return nothing;
  },
  complete,
  buffer: makeBuffer,
  iovec: makeIovec,
  buf_sha(port, op) {
    const { at, bytes } = port.buffer(op.buf);
    return { sha: shaOfMemory(at, bytes) };
  },
  file_sha: fileSha,
  aio_nr: (port) => ({ delta: aio.it.aio_nr - port.aioNr }),
};

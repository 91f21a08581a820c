// SPDX-License-Identifier: GPL-2.0-only
/** The ops of a trace that make and look at what the kernel is given: iocbs, buffers, files, descriptors, the quota. */
import {
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
import { answerOf } from './answers.ts';
import { ramp, setLong, sha, shaOfMemory } from './bytes.ts';
import type { Names } from './names.ts';
import type { Op } from './ops.ts';
import { OPEN_MODES, type System } from './system.ts';
import { type Answer, type Long, TraceError, type TraceOp } from './trace.ts';

const COMMANDS: Readonly<Record<string, number>> = {
  pread: IOCB_CMD_PREAD,
  pwrite: IOCB_CMD_PWRITE,
  fsync: IOCB_CMD_FSYNC,
  fdsync: IOCB_CMD_FDSYNC,
  noop: IOCB_CMD_NOOP,
  preadv: IOCB_CMD_PREADV,
  pwritev: IOCB_CMD_PWRITEV,
};

const nothing: Answer = {};
const plus = (value: Long = 0, n: number): Long =>
  typeof value === 'number' ? value + n : String(BigInt(value) + BigInt(n));

function commandOf(system: System, cmd: TraceOp['cmd']): number {
  if (typeof cmd === 'number') return cmd;
  const command = cmd === 'poll' ? system.pollCommand : COMMANDS[cmd ?? ''];
  if (command === undefined) throw new TraceError(`there is no command ${cmd}`);
  return command;
}

/** @param i - number of the iocb in a run of them */
function makeIocb(system: System, names: Names, op: Partial<TraceOp>, name: string, i: number): Answer {
  const command = commandOf(system, op.cmd);
  const { offsetof } = iocb;
  const bytes = new Uint8Array(iocb.sizeof);
  const to = new DataView(bytes.buffer);
  setLong(to, offsetof.aio_data, plus(op.data, i));
  to.setUint32(offsetof.aio_key, op.key ?? 0, true);
  // aio_rw_flags of later kernels.
  to.setUint32(offsetof.aio_reserved1, op.rw_flags ?? 0, true);
  to.setUint16(offsetof.aio_lio_opcode, command, true);
  to.setInt16(offsetof.aio_reqprio, op.reqprio ?? 0, true);
  to.setInt32(offsetof.aio_fildes, names.fd(op.fd), true);
  const buffer = names.pointer(op.buf) + i * (op.bufstride ?? 0);
  setLong(to, offsetof.aio_buf, typeof op.events === 'number' ? op.events : buffer);
  setLong(to, offsetof.aio_nbytes, op.nbytes ?? 0);
  setLong(to, offsetof.aio_offset, plus(op.offset, i * (op.stride ?? 0)));
  setLong(to, offsetof.aio_reserved2, op.reserved2 ?? 0);
  to.setUint32(offsetof.aio_flags, op.flags ?? 0, true);
  to.setInt32(offsetof.aio_resfd, op.resfd === undefined ? 0 : names.fd(op.resfd), true);
  system.fill(names.makeIocb(name, command, op.at), bytes);
  return nothing;
}

function makeIocbs(system: System, names: Names, op: TraceOp): Answer {
  const { prefix = '', count = 0, cmd = '', stride = 0, bufstride = 0 } = op;
  for (let i = 0; i < count; i++) {
    makeIocb(system, names, { ...op.each, cmd, stride, bufstride }, `${prefix}${i}`, i);
  }
  return nothing;
}

function iocbKey(system: System, names: Names, op: TraceOp): Answer {
  const at = names.iocb(op.iocb) + iocb.offsetof.aio_key;
  if (op.key !== undefined) system.poke(at, op.key);
  return { key: system.peek(at) >>> 0 };
}

function makeBuffer(system: System, names: Names, op: TraceOp): Answer {
  const { size = 0, seed = 0 } = op;
  const byteAt = op.fill === 'ramp' ? (_: unknown, i: number) => ramp(i, seed) : () => 0;
  system.fill(names.makeBuffer(op.buf ?? '', size, op.at), Uint8Array.from({ length: size }, byteAt));
  return nothing;
}

function makeIovec(system: System, names: Names, op: TraceOp): Answer {
  const vec = op.vec ?? [];
  const bytes = new Uint8Array(vec.length * iovec.sizeof);
  const to = new DataView(bytes.buffer);
  for (const [i, [buf, offset, length]] of vec.entries()) {
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_base, names.pointer(buf) + offset);
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_len, length);
  }
  system.fill(names.makeBuffer(op.iov ?? '', bytes.length, op.at), bytes);
  return nothing;
}

function open(system: System, names: Names, op: TraceOp): Answer {
  const mode = OPEN_MODES.find((known) => known === op.mode);
  if (mode === undefined) throw new TraceError(`a file is opened for r, w or rw, not ${op.mode}`);
  const fd = op.directory === true ? system.openDirectory(mode) : system.open(op.file ?? '', mode, op.append === true);
  names.fds.set(String(op.fd), fd);
  return nothing;
}

function openPipe(system: System, names: Names, op: TraceOp): Answer {
  const [r, w] = system.pipe();
  names.fds.set(op.r ?? '', r);
  names.fds.set(op.w ?? '', w);
  return nothing;
}

export const DATA_OPS: Readonly<Record<string, Op>> = {
  iocb: (system, names, op) => makeIocb(system, names, op, op.iocb ?? '', 0),
  iocbs: makeIocbs,
  iocb_key: iocbKey,
  buffer: makeBuffer,
  iovec: makeIovec,
  buf_sha(system, names, op) {
    const { at, bytes } = names.buffer(op.buf);
    return { sha: shaOfMemory(system, at, bytes) };
  },
  file(system, _, op) {
    system.makeFile(op.file ?? '', op.size ?? 0, (i) => ramp(i, op.seed ?? 0));
    return nothing;
  },
  truncate(system, _, op) {
    system.truncate(op.file ?? '', op.size ?? 0);
    return nothing;
  },
  stat: (system, _, op) => ({ size: system.fileBytes(op.file ?? '').length }),
  file_sha(system, _, op) {
    const bytes = system.fileBytes(op.file ?? '');
    return { size: bytes.length, sha: sha(bytes) };
  },
  open,
  pipe: openPipe,
  close: (system, names, op) => ({ ret: answerOf(system.close(names.fd(op.fd))) }),
  complete: (system, names, op) => ({
    ret: answerOf(system.complete(names.iocb(op.iocb), names.fds.get(op.wfd ?? '') ?? -1, op.res ?? 0)),
  }),
  eventfd(system, names, op) {
    names.fds.set(String(op.fd), system.eventfd(op.count ?? 0));
    return nothing;
  },
  eventfd_read: (system, names, op) => ({ ret: answerOf(system.eventfdRead(names.fd(op.fd))) }),
  cpu(system, _, op) {
    system.runOn(op.cpu ?? 0);
    return nothing;
  },
  aio_nr: (system) => ({ delta: system.aioNr() }),
  aio_max_nr(system, _, op) {
    system.setAioMaxNr(op.max ?? 0);
    return nothing;
  },
  fault(system, _, op) {
    if (op.ring_mmap === true) system.failNextRingMmap();
    else if (op.pages !== undefined) system.failNextAllocation(op.pages);
    else throw new TraceError('a fault is ring_mmap or pages');
    return nothing;
  },
};

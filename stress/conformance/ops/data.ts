// SPDX-License-Identifier: GPL-2.0-only
/** The steps that make and look at what the kernel is given: iocbs, buffers, files, descriptors, the quota. */
import { IOCB_FLAG_RESFD, iocb, iovec } from '../../../src/uapi/aio_abi.ts';
import { answerOf } from '../trace/answers.ts';
import { ramp, setLong, sha } from '../trace/bytes.ts';
import type { Answer, Long } from '../trace/kinds.ts';
import { COMMANDS, type OpName } from '../trace/table.ts';
import { type IocbFields, type Op, TraceError } from '../trace/trace.ts';
import type { CALLS } from './calls.ts';
import { header, shaOfMemory } from './memory.ts';
import type { Names, Run } from './names.ts';
import type { System } from './system.ts';

/** Bytes of a file that is read whole. */
const HASHED_MAX = 2 ** 30;
const nothing: Answer = {};
const plus = (value: Long = 0, n: number): Long =>
  typeof value === 'number' ? value + n : String(BigInt(value) + BigInt(n));

const commandOf = (system: System, cmd: IocbFields['cmd']): number =>
  typeof cmd === 'number' ? cmd : cmd === 'poll' ? system.pollCommand : COMMANDS[cmd];

/** @param i - number of the iocb in a run of them, each of which is so many bytes further */
function makeIocb(
  system: System,
  names: Names,
  op: IocbFields,
  name: string,
  i = 0,
  stride = 0,
  bufstride = 0,
): Answer {
  const command = commandOf(system, op.cmd);
  const fd = names.fd(op.fd);
  const { offsetof } = iocb;
  const bytes = new Uint8Array(iocb.sizeof);
  const to = new DataView(bytes.buffer);
  setLong(to, offsetof.aio_data, plus(op.data, i));
  to.setUint32(offsetof.aio_key, op.key ?? 0, true);
  // aio_rw_flags of later kernels.
  to.setUint32(offsetof.aio_reserved1, op.rw_flags ?? 0, true);
  to.setUint16(offsetof.aio_lio_opcode, command, true);
  to.setInt16(offsetof.aio_reqprio, op.reqprio ?? 0, true);
  to.setInt32(offsetof.aio_fildes, op.cmd === 'poll' ? system.pollFd(fd) : fd, true);
  setLong(to, offsetof.aio_buf, op.events ?? names.pointer(op.buf) + i * bufstride);
  setLong(to, offsetof.aio_nbytes, op.nbytes ?? 0);
  setLong(to, offsetof.aio_offset, plus(op.offset, i * stride));
  setLong(to, offsetof.aio_reserved2, op.reserved2 ?? 0);
  to.setUint32(offsetof.aio_flags, op.flags ?? 0, true);
  to.setInt32(offsetof.aio_resfd, op.resfd === undefined ? 0 : names.fd(op.resfd), true);
  const signals = op.cmd === 'poll' && ((op.flags ?? 0) & IOCB_FLAG_RESFD) !== 0;
  system.fill(names.makeIocb(name, command, signals, op.at), bytes);
  return nothing;
}

function makeIocbs(system: System, names: Names, op: Op<'iocbs'>): Answer {
  const { prefix, count, cmd, each, stride, bufstride } = op;
  for (let i = 0; i < count; i++) makeIocb(system, names, { ...each, cmd }, `${prefix}${i}`, i, stride, bufstride);
  return nothing;
}

function iocbKey(system: System, names: Names, op: Op<'iocb_key'>): Answer {
  const at = names.iocb(op.iocb) + iocb.offsetof.aio_key;
  if (op.key !== undefined) system.poke(at, op.key);
  return { key: system.peek(at) >>> 0 };
}

function makeBuffer(system: System, names: Names, { buf, size, fill, seed = 0, at }: Op<'buffer'>): Answer {
  const byteAt = fill === 'ramp' ? (_: unknown, i: number) => ramp(i, seed) : () => 0;
  system.fill(names.makeBuffer(buf, size, at), Uint8Array.from({ length: size }, byteAt));
  return nothing;
}

function makeIovec(system: System, names: Names, { iov, vec, at }: Op<'iovec'>): Answer {
  const bytes = new Uint8Array(vec.length * iovec.sizeof);
  const to = new DataView(bytes.buffer);
  for (const [i, [buf, offset, length]] of vec.entries()) {
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_base, names.pointer(buf) + offset);
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_len, length);
  }
  system.fill(names.makeBuffer(iov, bytes.length, at), bytes);
  return nothing;
}

function openPipe(system: System, names: Names, op: Op<'pipe'>): Answer {
  const [r, w] = system.pipe();
  names.fds.set(op.r, r);
  names.fds.set(op.w, w);
  return nothing;
}

function complete(system: System, names: Names, op: Op<'complete'>): Answer {
  const ring = names.liveRing(names.signalledIn(op.iocb));
  const tail = ring === null ? 0 : header(system, ring.at, 'tail');
  const ret = system.complete(names.fd(op.wfd));
  // A kworker completes what signals an eventfd.
  if (ring !== null && ret === 1) system.settle(ring.at, (tail + 1) % ring.nr);
  return { ret: answerOf(ret) };
}

export const DATA: { readonly [N in Exclude<OpName, keyof typeof CALLS>]: Run<N> } = {
  iocb: (system, names, op) => makeIocb(system, names, op, op.iocb),
  iocbs: makeIocbs,
  iocb_key: iocbKey,
  buffer: makeBuffer,
  iovec: makeIovec,
  buf_sha(system, names, op) {
    const { at, bytes } = names.buffer(op.buf);
    return { sha: shaOfMemory(system, at, bytes) };
  },
  file(system, _, { file, size, seed = 0 }) {
    system.makeFile(file, size, (i) => ramp(i, seed));
    return nothing;
  },
  truncate(system, _, op) {
    system.truncate(op.file, op.size);
    return nothing;
  },
  stat: (system, _, op) => ({ size: system.fileSize(op.file) }),
  file_sha(system, _, op) {
    const size = system.fileSize(op.file);
    if (size > HASHED_MAX) throw new TraceError(`the file has ${size} bytes, and ${HASHED_MAX} at most are hashed`);
    const bytes = system.fileBytes(op.file);
    return { size: bytes.length, sha: sha(bytes) };
  },
  open(system, names, { fd, file, mode, append = false }) {
    names.fds.set(fd, file === undefined ? system.openDirectory(mode) : system.open(file, mode, append));
    return nothing;
  },
  pipe: openPipe,
  close: (system, names, op) => ({ ret: answerOf(system.close(names.fd(op.fd))) }),
  complete,
  eventfd(system, names, { fd, count = 0 }) {
    names.fds.set(fd, system.eventfd(count));
    return nothing;
  },
  eventfd_read: (system, names, op) => ({ ret: answerOf(system.eventfdRead(names.fd(op.fd))) }),
  cpu(system, _, op) {
    system.runOn(op.cpu);
    return nothing;
  },
  aio_nr: (system) => ({ delta: system.aioNr() }),
  aio_max_nr(system, _, op) {
    system.setAioMaxNr(op.max);
    return nothing;
  },
  fault(system, _, { pages }) {
    if (pages === undefined) system.failNextRingMmap();
    else system.failNextAllocation(pages);
    return nothing;
  },
};

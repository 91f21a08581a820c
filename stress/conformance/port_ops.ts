// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace, each as what it does on the port and what it answers. */
import { load8 } from '../../src/arch/sab/memory.ts';
import { nullb_complete_by_hand } from '../../src/drivers/null_blk.ts';
import { ramdisk_truncate } from '../../src/drivers/ramdisk.ts';
import { aio } from '../../src/fs/aio/kioctx.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
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
import { IOCB_BYTES, peek, poke } from '../../src/user/libaio.ts';
import { fillUser, ramp, setLong, sha, shaOfMemory } from './port_memory.ts';
import type { PortProcess } from './port_process.ts';
import { answer, nothing, type Step, SYSCALLS } from './port_syscalls.ts';
import type { Answer, TraceOp } from './trace.ts';

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
const O = iocb.offsetof;

/** @param i - number of the iocb in a run of them */
function makeIocb(port: PortProcess, op: Partial<TraceOp>, name: string, i: number): void {
  const command = typeof op.cmd === 'number' ? op.cmd : COMMANDS[op.cmd ?? ''];
  if (command === undefined) throw new Error(`the port has no command ${op.cmd}`);
  const bytes = new Uint8Array(IOCB_BYTES);
  const to = new DataView(bytes.buffer);
  setLong(to, O.aio_data, (op.data ?? 0) + i);
  to.setUint32(O.aio_key, op.key ?? 0, true);
  to.setUint32(O.aio_reserved1, op.rw_flags ?? 0, true);
  to.setUint16(O.aio_lio_opcode, command, true);
  to.setInt16(O.aio_reqprio, op.reqprio ?? 0, true);
  to.setInt32(O.aio_fildes, port.fd(op.fd), true);
  setLong(to, O.aio_buf, port.pointer(op.buf) + i * (op.bufstride ?? 0));
  setLong(to, O.aio_nbytes, op.nbytes ?? 0);
  setLong(to, O.aio_offset, typeof op.offset === 'string' ? op.offset : (op.offset ?? 0) + i * (op.stride ?? 0));
  setLong(to, O.aio_reserved2, op.reserved2 ?? 0);
  to.setUint32(O.aio_flags, op.flags ?? 0, true);
  to.setInt32(O.aio_resfd, op.resfd === undefined ? 0 : port.fd(op.resfd), true);
  fillUser(port.makeIocb(name, op.at), bytes);
}

function makeIocbs(port: PortProcess, op: TraceOp): Answer {
  const { cmd = '', prefix = '', stride = 0, bufstride = 0 } = op;
  for (let i = 0; i < (op.count ?? 0); i++) makeIocb(port, { ...op.each, cmd, stride, bufstride }, `${prefix}${i}`, i);
  return nothing;
}

function iocbKey(port: PortProcess, op: TraceOp): Answer {
  const at = port.iocb(op.iocb) + O.aio_key;
  if (op.key !== undefined) poke(at, op.key);
  return { key: peek(at) >>> 0 };
}

function makeBuffer(port: PortProcess, op: TraceOp): Answer {
  const size = op.size ?? 0;
  const at = port.makeBuffer(op.buf ?? '', size, op.at);
  fillUser(
    at,
    Uint8Array.from({ length: size }, (_, i) => (op.fill === 'ramp' ? ramp(i, op.seed ?? 0) : 0)),
  );
  return nothing;
}

function makeIovec(port: PortProcess, op: TraceOp): Answer {
  const vec = op.vec ?? [];
  const bytes = new Uint8Array(vec.length * iovec.sizeof);
  const to = new DataView(bytes.buffer);
  vec.forEach(([buf, offset, length], i) => {
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_base, port.pointer(buf) + offset);
    setLong(to, i * iovec.sizeof + iovec.offsetof.iov_len, length);
  });
  fillUser(port.makeBuffer(op.iov ?? '', bytes.length, op.at), bytes);
  return nothing;
}

function fileSha(port: PortProcess, op: TraceOp): Answer {
  const disk = port.file(op.file);
  kernel_enter();
  const bytes = Uint8Array.from({ length: disk.size }, (_, i) => load8(disk.data + i));
  kernel_exit();
  return { size: bytes.length, sha: sha(bytes) };
}

function truncate(port: PortProcess, op: TraceOp): Answer {
  kernel_enter();
  ramdisk_truncate(port.file(op.file), op.size ?? 0);
  kernel_exit();
  return nothing;
}

function complete(port: PortProcess, op: TraceOp): Answer {
  kernel_enter();
  const found = nullb_complete_by_hand(port.iocb(op.iocb), op.res ?? 0);
  kernel_exit();
  return { ret: found ? 1 : 0 };
}

/** Answers with the answers of the first round, and with how many rounds answered like it. */
function repeat(port: PortProcess, op: TraceOp): Answer {
  const round = (): Answer[] => (op.body ?? []).map((step) => run(port, step));
  const first = round();
  let alike = 1;
  for (let i = 1; i < (op.times ?? 1); i++) if (JSON.stringify(round()) === JSON.stringify(first)) alike++;
  return { alike, first };
}

/** What each op does. */
const OPS: Readonly<Record<string, Step>> = {
  ...SYSCALLS,
  iocb(port, op) {
    makeIocb(port, op, op.iocb ?? '', 0);
    return nothing;
  },
  iocbs: makeIocbs,
  iocb_key: iocbKey,
  file(port, op) {
    port.makeFile(op.file ?? '', op.size ?? 0, op.seed ?? 0);
    return nothing;
  },
  truncate,
  open(port, op) {
    port.open(String(op.fd), op);
    return nothing;
  },
  close: (port, op) => ({ ret: answer(port.close(String(op.fd))) }),
  pipe(port, op) {
    port.openPending(op.r ?? '');
    return nothing;
  },
  eventfd(port, op) {
    port.openEventfd(String(op.fd), op.count ?? 0);
    return nothing;
  },
  eventfd_read: (port, op) => ({ ret: answer(port.readEventfd(String(op.fd))) }),
  complete,
  buffer: makeBuffer,
  iovec: makeIovec,
  buf_sha(port, op) {
    const { at, bytes } = port.buffer(op.buf);
    return { sha: shaOfMemory(at, bytes) };
  },
  file_sha: fileSha,
  cpu(port, op) {
    port.runOn(op.cpu ?? 0);
    return nothing;
  },
  aio_nr: (port) => ({ delta: aio.it.aio_nr - port.aioNr }),
  aio_max_nr(port, op) {
    aio.it.aio_max_nr = port.aioNr + (op.max ?? 0);
    return nothing;
  },
  fault(port, op) {
    port.failNext(op.ring_mmap === true ? 0 : (op.pages ?? 0));
    return nothing;
  },
  repeat,
};

/** Does a step. @throws if the port has none of that name */
export function run(port: PortProcess, op: TraceOp): Answer {
  const step = OPS[op.op];
  if (step === undefined) throw new Error(`the port has no op ${op.op}`);
  port.memory.freeScratch();
  return step(port, op);
}

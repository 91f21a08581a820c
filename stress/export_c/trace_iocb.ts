// SPDX-License-Identifier: GPL-2.0-only
/** The arguments of a trace's steps as C: contexts, places, pointers, iocbs. */
import type { Long, Place, TraceOp } from '../conformance/trace.ts';
import { cNumber, cString, ExportError } from './c_text.ts';

const COMMANDS: Readonly<Record<string, number>> = {
  pread: 0,
  pwrite: 1,
  fsync: 2,
  fdsync: 3,
  poll: 5,
  noop: 6,
  preadv: 7,
  pwritev: 8,
};
const POINTERS: Readonly<Record<string, string>> = {
  NULL: 'NULL',
  BAD: 'BAD',
  MINUS1: 'MINUS1',
  RO: 'read_only()',
  GUARD: '(void *)((char *)guarded_memory(0))',
};

/** `setup("c", …)`: a C function is called with these. */
export const call = (name: string, ...args: readonly string[]): string => `${name}(${args.join(', ')});`;

export const specialPointer = (name: unknown): string | null =>
  typeof name === 'string' ? (POINTERS[name] ?? null) : null;

export function contextOf(name: string | undefined): string {
  if (name === 'BAD') return '(aio_context_t)-1';
  if (name === 'ZERO') return '0';
  if (name === 'JUNK') return 'junk()';
  const [base = '', offset] = (name ?? '').split('+');
  return `context(${cString(base)})${offset === undefined ? '' : ` + ${offset}`}`;
}

export function placeOf(place: Place | undefined): string {
  if (place === undefined) return 'ANYWHERE';
  return typeof place === 'string' ? place.toUpperCase() : String(place.mapped);
}

const fdOf = (fd: string | number | undefined): string =>
  typeof fd === 'number' ? String(fd) : `descriptor(${cString(fd ?? '')})`;

/** An address as a number. */
export const addressOf = (name: string | undefined): string =>
  name === undefined ? '0' : `(uintptr_t)${specialPointer(name) ?? `buffer(${cString(name)})`}`;

/** `x + i * n`, without what is nothing. */
function along(base: string, by: number): string {
  if (by === 0) return base;
  const step = by === 1 ? 'i' : `i * ${by}`;
  return base === '0' ? step : `${base} + ${step}`;
}

function commandOf(cmd: string | number | undefined): string {
  if (typeof cmd === 'number') return String(cmd);
  const number = COMMANDS[cmd ?? ''];
  if (number === undefined) throw new ExportError(`it has the command ${cmd}, which this version does not know`);
  return String(number);
}

/** An unsigned field of 64 bits. */
const unsigned = (value: Long): string => {
  const n = BigInt(value);
  return n < 0n ? `(uint64_t)${cNumber(String(n))}` : cNumber(String(n));
};

/** A struct iocb. @param run - whether it is one of a run, whose number is `i` */
export function iocbLiteral(op: Partial<TraceOp>, run: boolean): string {
  const by = (n: number): number => (run ? n : 0);
  const polls = op.cmd === 'poll' || op.cmd === 5;
  const buf = polls && typeof op.events === 'number' ? String(op.events) : addressOf(op.buf);
  const fields: [name: string, value: string][] = [
    ['aio_data', along(unsigned(op.data ?? 0), by(1))],
    ['aio_key', unsigned(op.key ?? 0)],
    ['aio_rw_flags', cNumber(op.rw_flags ?? 0)],
    ['aio_lio_opcode', commandOf(op.cmd)],
    ['aio_reqprio', cNumber(op.reqprio ?? 0)],
    ['aio_fildes', op.fd === undefined ? '0' : fdOf(op.fd)],
    ['aio_buf', along(buf, by(op.bufstride ?? 0))],
    ['aio_nbytes', unsigned(op.nbytes ?? 0)],
    ['aio_offset', along(cNumber(op.offset ?? 0), by(op.stride ?? 0))],
    ['aio_reserved2', unsigned(op.reserved2 ?? 0)],
    ['aio_flags', cNumber(op.flags ?? 0)],
    ['aio_resfd', op.resfd === undefined ? '0' : fdOf(op.resfd)],
  ];
  const said = fields.filter(([, value]) => value !== '0').map(([name, value]) => `.${name} = ${value}`);
  return said.length === 0 ? '(struct iocb){ 0 }' : `(struct iocb){ ${said.join(', ')} }`;
}

// SPDX-License-Identifier: GPL-2.0-only
/** The arguments of a trace's steps as C: contexts, places, pointers, iocbs. */
import { type Long, type Place, SPECIAL_POINTERS, type SpecialPointer } from '../conformance/trace/kinds.ts';
import { COMMANDS } from '../conformance/trace/table.ts';
import type { IocbFields } from '../conformance/trace/trace.ts';
import { cNumber, cString } from './c_text.ts';

const POINTERS: Readonly<Record<SpecialPointer, string>> = {
  NULL: 'NULL',
  BAD: 'BAD',
  MINUS1: 'MINUS1',
  RO: 'read_only()',
  GUARD: '(void *)((char *)guarded_memory(0))',
};

/** `setup("c", …)`: a C function is called with these. */
export const call = (name: string, ...args: readonly string[]): string => `${name}(${args.join(', ')});`;

export const specialPointer = (name: string | undefined): string | null => {
  const special = SPECIAL_POINTERS.find((pointer) => pointer === name);
  return special === undefined ? null : POINTERS[special];
};

export function contextOf(name: string): string {
  if (name === 'BAD') return '(aio_context_t)-1';
  if (name === 'ZERO') return '0';
  if (name === 'JUNK') return 'junk()';
  const [base = '', offset] = name.split('+');
  return `context(${cString(base)})${offset === undefined ? '' : ` + ${offset}`}`;
}

export function placeOf(place: Place | undefined): string {
  if (place === undefined) return 'ANYWHERE';
  return typeof place === 'string' ? place.toUpperCase() : String(place.mapped);
}

const fdOf = (fd: string | number): string => (typeof fd === 'number' ? String(fd) : `descriptor(${cString(fd)})`);

/** An address as a number. */
export const addressOf = (name: string | undefined): string =>
  name === undefined ? '0' : `(uintptr_t)${specialPointer(name) ?? `buffer(${cString(name)})`}`;

/** `x + i * n`, without what is nothing. */
function along(base: string, by: number): string {
  if (by === 0) return base;
  const step = by === 1 ? 'i' : `i * ${by}`;
  return base === '0' ? step : `${base} + ${step}`;
}

/** An unsigned field of 64 bits. */
const unsigned = (value: Long): string => {
  const n = BigInt(value);
  return n < 0n ? `(uint64_t)${cNumber(String(n))}` : cNumber(String(n));
};

/** A struct iocb. @param run - of one in a run, whose number is `i`: how much further each is */
export function iocbLiteral(
  op: IocbFields,
  run: { readonly stride: number; readonly bufstride: number } | null,
): string {
  const command = typeof op.cmd === 'number' ? op.cmd : COMMANDS[op.cmd];
  const buf = op.events === undefined ? addressOf(op.buf) : String(op.events);
  const fields: [name: string, value: string][] = [
    ['aio_data', along(unsigned(op.data ?? 0), run === null ? 0 : 1)],
    ['aio_key', unsigned(op.key ?? 0)],
    ['aio_rw_flags', cNumber(op.rw_flags ?? 0)],
    ['aio_lio_opcode', String(command)],
    ['aio_reqprio', cNumber(op.reqprio ?? 0)],
    ['aio_fildes', fdOf(op.fd)],
    ['aio_buf', along(buf, run?.bufstride ?? 0)],
    ['aio_nbytes', unsigned(op.nbytes ?? 0)],
    ['aio_offset', along(cNumber(op.offset ?? 0), run?.stride ?? 0)],
    ['aio_reserved2', unsigned(op.reserved2 ?? 0)],
    ['aio_flags', cNumber(op.flags ?? 0)],
    ['aio_resfd', op.resfd === undefined ? '0' : fdOf(op.resfd)],
  ];
  const said = fields.filter(([, value]) => value !== '0').map(([name, value]) => `.${name} = ${value}`);
  return said.length === 0 ? '(struct iocb){ 0 }' : `(struct iocb){ ${said.join(', ')} }`;
}

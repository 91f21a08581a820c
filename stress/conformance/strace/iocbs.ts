// SPDX-License-Identifier: GPL-2.0-only
/** The iocbs of a log: those that say the same are one of the trace. */
import { COMMANDS, type Command } from '../trace/table.ts';
import type { IocbFields, Op, TraceOp } from '../trace/trace.ts';
import type { Descriptors } from './descriptors.ts';
import { type Fields, isFields, long, number, Unconvertible, type Value, word } from './log.ts';

const BUFFER = 'b';
const BUFFER_MAX = 1 << 26;

export class Iocbs {
  private readonly ops: TraceOp[];
  private readonly descriptors: Descriptors;
  /** Names by what they say. */
  private readonly known = new Map<string, string>();
  /** The one that all requests use: as long as the longest of them. */
  private readonly buffer = { op: 'buffer', buf: BUFFER, size: 0, fill: 'ramp' } as const as Op<'buffer'> & {
    size: number;
  };

  constructor(ops: TraceOp[], descriptors: Descriptors) {
    this.ops = ops;
    this.descriptors = descriptors;
  }

  /** What io_submit() was given. @param ret - what it returned */
  list(list: Value | undefined, ret: number | string, line: number): Op<'io_submit'>['iocbs'] {
    if (!Array.isArray(list)) return word(list) === 'NULL' ? 'NULL' : 'GUARD';
    if (list.includes('...')) throw new Unconvertible('its list is cut short, and strace -v writes it whole');
    // What it ended at may be a descriptor that is not open.
    return list.map((one: Value, i) => this.one(one, typeof ret === 'number' && i >= ret ? '-EBADF' : ret, line));
  }

  /** The name of an iocb, or of an address where none can be read. */
  one(value: Value, ret: number | string, line: number): string {
    if (!isFields(value)) return word(value) === 'NULL' ? 'NULL' : 'GUARD';
    const fields = this.fieldsOf(value, ret, line);
    const key = JSON.stringify(fields);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = `i${this.known.size}`;
    this.known.set(key, name);
    this.ops.push({ op: 'iocb', iocb: name, ...fields });
    return name;
  }

  /** Of one that is cancelled strace writes the head only: the last that has it is meant. */
  cancelled(value: Value | undefined, ret: number | string, line: number): string {
    if (value === undefined || !isFields(value)) return this.one(value ?? 'NULL', ret, line);
    const { cmd, fd, data } = this.fieldsOf(value, ret, line);
    const same = this.ops.findLast((op) => op.op === 'iocb' && op.cmd === cmd && op.fd === fd && op.data === data);
    return same?.op === 'iocb' ? same.iocb : this.one(value, ret, line);
  }

  private fieldsOf(value: Fields, ret: number | string, line: number): IocbFields {
    const { data, lio_opcode, fildes, buf, nbytes, offset, flags, resfd, key, rw_flags, reqprio } = value;
    const cmd = commandOf(word(lio_opcode));
    const fd = number(fildes);
    const signals = flags !== undefined && (number(flags) & 1) !== 0;
    const memory = cmd === 'poll' ? { events: buf === undefined ? 0 : number(buf) } : this.memoryOf(buf, nbytes);
    if (cmd === 'pread') this.descriptors.readTo(fd, Number(offset ?? 0) + Number(nbytes ?? 0));
    const isPoll = cmd === 'poll';
    return {
      cmd,
      fd: this.descriptors.use(fd, ret, line),
      ...memory,
      ...(!isPoll && offset !== undefined && { offset: long(offset) }),
      data: long(data),
      ...(key !== undefined && { key: number(key) }),
      ...(rw_flags !== undefined && { rw_flags: number(rw_flags) }),
      ...(reqprio !== undefined && { reqprio: number(reqprio) }),
      ...(flags !== undefined && { flags: number(flags) }),
      ...(signals && { resfd: this.descriptors.use(number(resfd), ret, line) }),
    };
  }

  /** A buffer, or the parts of a vector, all from the beginning of the one that there is. */
  private memoryOf(buf: Value | undefined, nbytes: Value | undefined): Pick<IocbFields, 'buf' | 'nbytes'> {
    if (!Array.isArray(buf)) {
      if (nbytes === undefined) return {};
      this.grow(number(nbytes));
      return { buf: buf === 'NULL' ? 'NULL' : BUFFER, nbytes: long(nbytes) };
    }
    if (buf.includes('...')) throw new Unconvertible('a vector is cut short, and strace -v writes it whole');
    const lengths = buf.map((part: Value) => (isFields(part) ? number(part['iov_len']) : 0));
    for (const bytes of lengths) this.grow(bytes);
    const key = `v ${lengths.join(' ')}`;
    const known = this.known.get(key);
    const iov = known ?? `v${this.known.size}`;
    if (known === undefined) {
      this.known.set(key, iov);
      this.ops.push({ op: 'iovec', iov, vec: lengths.map((bytes: number) => [BUFFER, 0, bytes] as const) });
    }
    return { buf: iov, nbytes: lengths.length };
  }

  private grow(bytes: number): void {
    if (this.buffer.size === 0) this.ops.unshift(this.buffer);
    this.buffer.size = Math.max(this.buffer.size, 1, Math.min(bytes, BUFFER_MAX));
  }
}

/** `IOCB_CMD_PREAD`, of older versions `pread`; or a number. */
function commandOf(text: string): IocbFields['cmd'] {
  const name = text.replace(/^IOCB_CMD_/, '').toLowerCase();
  return Object.hasOwn(COMMANDS, name) ? (name as Command) : number(text);
}

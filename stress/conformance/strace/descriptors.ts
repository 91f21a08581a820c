// SPDX-License-Identifier: GPL-2.0-only
/** What the descriptors of a log are of. A program opens much that no request uses: that is left out. */
import type { Op, TraceOp } from '../trace/trace.ts';
import { number, type Value } from './log.ts';

/** No process has it open. */
const NONE = 9999;

/** What was opened. */
interface Source {
  readonly make: readonly TraceOp[];
  readonly kind: 'file' | 'pipe' | 'eventfd';
  /** Of a file: its size, which grows as far as it is read. */
  readonly size: { size: number } | null;
  made: boolean;
}
interface Descriptor {
  readonly name: string;
  readonly source: Source;
}

/** A file of the trace, whose size is known in the end. */
type Growing = Omit<Op<'truncate'>, 'size'> & { size: number };

export class Descriptors {
  private readonly ops: TraceOp[];
  private readonly tell: (line: number, what: string) => void;
  private readonly open_ = new Map<number, Descriptor>();
  private readonly files = new Map<string, { readonly size: Growing; made: boolean }>();
  /** How often each number was opened. */
  private readonly times = new Map<number, number>();

  constructor(ops: TraceOp[], tell: (line: number, what: string) => void) {
    this.ops = ops;
    this.tell = tell;
  }

  private nameOf(fd: number): string {
    const times = (this.times.get(fd) ?? 0) + 1;
    this.times.set(fd, times);
    return times === 1 ? `d${fd}` : `d${fd}.${times}`;
  }

  open(path: string, flags: string, fd: number | string): void {
    if (typeof fd !== 'number') return;
    const name = this.nameOf(fd);
    const mode = flags.includes('O_RDWR') ? 'rw' : flags.includes('O_WRONLY') ? 'w' : 'r';
    const append = flags.includes('O_APPEND') ? { append: true } : {};
    const directory = flags.includes('O_DIRECTORY');
    if (directory) {
      const make: TraceOp[] = [{ op: 'open', fd: name, mode: 'r', directory }];
      this.open_.set(fd, { name, source: { make, kind: 'file', size: null, made: false } });
      return;
    }
    const file = this.files.get(path) ?? this.newFile(path);
    const make: TraceOp[] = [{ op: 'open', fd: name, file: file.size.file, mode, ...append }];
    this.open_.set(fd, { name, source: { make, kind: 'file', size: file.size, made: false } });
  }

  private newFile(path: string): { readonly size: Growing; made: boolean } {
    const file = { size: { op: 'truncate', file: `f${this.files.size}`, size: 0 } as const, made: false };
    this.files.set(path, file);
    return file;
  }

  eventfd(count: number, fd: number | string): void {
    if (typeof fd !== 'number') return;
    const name = this.nameOf(fd);
    const make: TraceOp[] = [{ op: 'eventfd', fd: name, count }];
    this.open_.set(fd, { name, source: { make, kind: 'eventfd', size: null, made: false } });
  }

  pipe(ends: Value | undefined, ret: number | string): void {
    if (ret !== 0 || !Array.isArray(ends)) return;
    const fds = ends.map((end: Value) => number(end));
    const [r = '', w = ''] = fds.map((fd) => this.nameOf(fd));
    const source: Source = { make: [{ op: 'pipe', r, w }], kind: 'pipe', size: null, made: false };
    for (const [i, fd] of fds.entries()) this.open_.set(fd, { name: i === 0 ? r : w, source });
  }

  close(fd: number, ret: number | string): void {
    const known = this.open_.get(fd);
    if (ret !== 0 || known === undefined) return;
    this.open_.delete(fd);
    if (known.source.made) this.ops.push({ op: 'close', fd: known.name });
  }

  read(fd: number): void {
    const known = this.open_.get(fd);
    if (known?.source.made !== true) return;
    if (known.source.kind === 'eventfd') this.ops.push({ op: 'eventfd_read', fd: known.name });
  }

  /**
   * What it is of is made when a request first uses it.
   * @param error - what the call returned @returns its name, or a number that is not open
   */
  use(fd: number, error: number | string, line: number): string | number {
    if (!this.open_.has(fd)) {
      if (error === '-EBADF') return NONE;
      this.tell(line, `descriptor ${fd} was opened before the log begins; it is taken for a file`);
      this.open(`descriptor ${fd}`, 'O_RDWR', fd);
    }
    const { name, source } = this.open_.get(fd) as Descriptor;
    if (!source.made) {
      source.made = true;
      const file = [...this.files.values()].find(({ size }) => size === source.size);
      if (file?.made === false) {
        file.made = true;
        this.ops.push({ op: 'file', file: file.size.file, size: 0 }, file.size);
      }
      this.ops.push(...source.make);
    }
    return name;
  }

  /** A request reads the file up to there. */
  readTo(fd: number, end: number): void {
    const size = this.open_.get(fd)?.source.size;
    if (size) size.size = Math.max(size.size, end);
  }

  /** A pipe that is written, or an eventfd, by a call of its own. */
  isShared(fd: number): boolean {
    const source = this.open_.get(fd)?.source;
    return source?.made === true && source.kind !== 'file';
  }
}

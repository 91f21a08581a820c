// SPDX-License-Identifier: GPL-2.0-only
/** The process of a replay: what the names of a trace stand for. */
import { setCpu } from '../../src/arch/sab/cpu.ts';
import { store8 } from '../../src/arch/sab/memory.ts';
import { nullb_open } from '../../src/drivers/null_blk.ts';
import { type ramdisk, ramdisk_create, ramdisk_open, ramdisk_truncate } from '../../src/drivers/ramdisk.ts';
import { aio } from '../../src/fs/aio/kioctx.ts';
import { eventfd_file_create, eventfd_read } from '../../src/fs/eventfd.ts';
import {
  alloc_file,
  close_fd,
  defineFops,
  FMODE_READ,
  FMODE_WRITE,
  fd_install,
  fget,
  type file,
  files_struct,
  fput,
  O_APPEND,
} from '../../src/fs/file.ts';
import { kernel_enter, kernel_exit, sched_attach } from '../../src/kernel/sched/core.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { alloc_page, nr_free_pages, type page, put_page } from '../../src/mm/page_alloc.ts';
import { IS_ERR } from '../../src/uapi/errno.ts';
import { EVENT_BYTES, emptyEvent, IOCB_BYTES, peek, read_event } from '../../src/user/libaio.ts';
import { become, type Process } from '../../src/user/process.ts';
import { PortMemory, peek64, ramp } from './port_memory.ts';
import type { Place, TraceEvent, TraceOp } from './trace.ts';

/** Room that a file has to grow. */
const FILE_SLACK = 64 * 1024;
const MODES: Readonly<Record<string, number>> = { r: FMODE_READ, w: FMODE_WRITE, rw: FMODE_READ | FMODE_WRITE };

/** What cannot be read and cannot be written. */
const directory_fops = defineFops({ name: 'directory' });

/** What a trace names must have been made by an earlier op. */
function known<T>(map: ReadonlyMap<string, T>, name: string | undefined): T {
  const value = name === undefined ? undefined : map.get(name);
  if (value === undefined) throw new Error(`the trace has no ${name}`);
  return value;
}

export class PortProcess {
  readonly memory: PortMemory;
  /** aio_nr at the start */
  readonly aioNr = aio.it.aio_nr;
  private readonly process: Process;
  private readonly cpus: number;
  /** free pages that the next call may have; null for all */
  private pagesLeft: number | null = null;
  private readonly contexts = new Map<string, number>();
  private readonly buffers = new Map<string, { readonly at: number; readonly bytes: number }>();
  private readonly iocbs = new Map<string, number>();
  private readonly iocbNames = new Map<number, string>();
  private readonly files = new Map<string, ramdisk>();
  private readonly fds = new Map<string, number>();
  private readonly zeroes: number;

  /** @param bytes - private memory of the process @param cpus - possible CPUs */
  constructor(process: Process, bytes: number, cpus: number) {
    this.process = process;
    this.cpus = cpus;
    this.memory = new PortMemory(mm_struct.at(process.mm), process.base, bytes);
    this.zeroes = this.memory.alloc(64);
  }

  setContext(name: string, handle: number): void {
    this.contexts.set(name, handle);
  }

  /** The handle behind a name, a special name, or a name with an offset. */
  context(name: string | undefined): number {
    if (name === 'BAD') return -1;
    if (name === 'ZERO') return 0;
    if (name === 'JUNK') return this.zeroes;
    const [base, offset] = (name ?? '').split('+');
    return known(this.contexts, base) + Number(offset ?? 0);
  }

  /** A buffer of that name: the one that there is, if it is as long. */
  makeBuffer(name: string, bytes: number, place?: Place): number {
    const old = this.buffers.get(name);
    if (old !== undefined && old.bytes >= bytes && place === undefined) return old.at;
    const at = this.memory.place(bytes, place);
    this.buffers.set(name, { at, bytes });
    return at;
  }

  buffer(name: string | undefined): { readonly at: number; readonly bytes: number } {
    return known(this.buffers, name);
  }

  /** What aio_buf or an element of a vector says: a buffer, or a special pointer; nothing is NULL. */
  pointer(name: string | undefined): number {
    return name === undefined ? 0 : (this.memory.special(name) ?? this.buffer(name).at);
  }

  /** Where the iocb of that name is; the same place each time. */
  makeIocb(name: string, place?: Place): number {
    const old = this.iocbs.get(name);
    if (old !== undefined) return old;
    const at = this.memory.place(IOCB_BYTES, place);
    this.iocbs.set(name, at);
    this.iocbNames.set(at, name);
    return at;
  }

  iocb(name: string | undefined): number {
    return this.memory.special(name ?? '') ?? known(this.iocbs, name);
  }

  makeFile(name: string, bytes: number, seed: number): void {
    kernel_enter();
    const disk = ramdisk_create(bytes + FILE_SLACK);
    if (IS_ERR(disk)) throw new Error(`no memory for the file ${name}`);
    ramdisk_truncate(disk, bytes);
    for (let i = 0; i < bytes; i++) store8(disk.data + i, ramp(i, seed));
    kernel_exit();
    this.files.set(name, disk);
  }

  file(name: string | undefined): ramdisk {
    return known(this.files, name);
  }

  open(fd: string, { file: name, mode = '', append, directory }: TraceOp): void {
    const bits = MODES[mode];
    if (bits === undefined) throw new Error(`the port has no open mode ${mode}`);
    if (directory === true) {
      this.install(fd, () => alloc_file(directory_fops, bits, null));
      return;
    }
    const disk = this.file(name);
    this.install(fd, () => ramdisk_open(disk, bits, append === true ? O_APPEND : 0));
  }

  /** A descriptor on which requests stay pending. */
  openPending(fd: string): void {
    this.install(fd, () => nullb_open(true));
  }

  openEventfd(fd: string, count: number): void {
    this.install(fd, () => eventfd_file_create(count));
  }

  /** @returns what the counter was, or -EAGAIN if it was 0 */
  readEventfd(fd: string): number {
    kernel_enter();
    const filp = fget(this.fd(fd)) as file;
    const ret = eventfd_read(filp);
    fput(filp);
    kernel_exit();
    return ret;
  }

  private install(fd: string, open: () => file | number | null): void {
    kernel_enter();
    const filp = open();
    if (filp === null || IS_ERR(filp)) throw new Error(`no memory for the descriptor ${fd}`);
    this.fds.set(fd, fd_install(files_struct.at(this.process.files), filp));
    kernel_exit();
  }

  close(fd: string): number {
    kernel_enter();
    const ret = close_fd(files_struct.at(this.process.files), this.fd(fd));
    kernel_exit();
    return ret;
  }

  fd(fd: string | number | undefined): number {
    return typeof fd === 'number' ? fd : known(this.fds, fd);
  }

  /** Goes on as a thread of the process on another CPU, of which one runs at a time. */
  runOn(cpu: number): void {
    setCpu(cpu, this.cpus);
    sched_attach();
    become(this.process);
  }

  /** Leaves the next call no more than so many free pages. */
  failNext(pages: number): void {
    this.pagesLeft = pages;
  }

  withFault(call: () => number): number {
    const left = this.pagesLeft;
    if (left === null) return call();
    this.pagesLeft = null;
    const taken: page[] = [];
    kernel_enter();
    while (nr_free_pages() > left) taken.push(alloc_page() as page);
    kernel_exit();
    const ret = call();
    kernel_enter();
    for (const p of taken) put_page(p);
    kernel_exit();
    return ret;
  }

  isLong(at: number, value: bigint): boolean {
    return BigInt(peek(at + 4)) * 2n ** 32n + BigInt(peek(at) >>> 0) === value;
  }

  /** The event at a user address, as a trace has it. */
  event(at: number): TraceEvent {
    const e = emptyEvent();
    read_event(at, e);
    return [this.iocbNames.get(e.obj) ?? null, peek64(at), e.res, e.res2];
  }

  eventsAt(at: number, count: number): TraceEvent[] {
    return Array.from({ length: Math.max(0, count) }, (_, i) => this.event(at + i * EVENT_BYTES));
  }
}

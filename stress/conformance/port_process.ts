// SPDX-License-Identifier: GPL-2.0-only
/** The process of a replay: what the names of a trace stand for. */
import { store8 } from '../../src/arch/sab/memory.ts';
import { nullb_open } from '../../src/drivers/null_blk.ts';
import { type ramdisk, ramdisk_create, ramdisk_open, ramdisk_truncate } from '../../src/drivers/ramdisk.ts';
import { aio } from '../../src/fs/aio/kioctx.ts';
import { close_fd, FMODE_READ, FMODE_WRITE, fd_install, type file, files_struct } from '../../src/fs/file.ts';
import { kernel_enter, kernel_exit } from '../../src/kernel/sched/core.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { IS_ERR } from '../../src/uapi/errno.ts';
import { EVENT_BYTES, emptyEvent, IOCB_BYTES, read_event } from '../../src/user/libaio.ts';
import type { Process } from '../../src/user/process.ts';
import { PortMemory, peek64, ramp } from './port_memory.ts';
import type { TraceEvent } from './trace.ts';

/** Room that a file has to grow. */
const FILE_SLACK = 64 * 1024;
const MODES: Readonly<Record<string, number>> = { r: FMODE_READ, w: FMODE_WRITE, rw: FMODE_READ | FMODE_WRITE };

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
  private readonly contexts = new Map<string, number>();
  private readonly buffers = new Map<string, { readonly at: number; readonly bytes: number }>();
  private readonly iocbs = new Map<string, number>();
  private readonly iocbNames = new Map<number, string>();
  private readonly files = new Map<string, ramdisk>();
  private readonly fds = new Map<string, number>();
  private readonly zeroes: number;

  constructor(process: Process) {
    this.process = process;
    this.memory = new PortMemory(mm_struct.at(process.mm), process.base);
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
  makeBuffer(name: string, bytes: number): number {
    const old = this.buffers.get(name);
    if (old !== undefined && old.bytes >= bytes) return old.at;
    const at = this.memory.alloc(bytes);
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
  makeIocb(name: string): number {
    const old = this.iocbs.get(name);
    if (old !== undefined) return old;
    const at = this.memory.alloc(IOCB_BYTES);
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

  open(fd: string, name: string | undefined, mode: string): void {
    const disk = this.file(name);
    const bits = MODES[mode];
    if (bits === undefined) throw new Error(`the port has no open mode ${mode}`);
    this.install(fd, () => ramdisk_open(disk, bits, 0));
  }

  /** A descriptor on which requests stay pending. */
  openPending(fd: string): void {
    this.install(fd, () => nullb_open(true));
  }

  private install(fd: string, open: () => file | null): void {
    kernel_enter();
    const filp = open();
    if (filp === null) throw new Error(`no memory for the descriptor ${fd}`);
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

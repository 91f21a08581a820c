// SPDX-License-Identifier: GPL-2.0-only
/** The port as what a trace runs on: a process of a machine with one running CPU. */
import { PAGE_OFFSET } from '../../../src/arch/sab/access.ts';
import { setCpu, smp_processor_id } from '../../../src/arch/sab/cpu.ts';
import { load8, PAGE_SIZE, store8, store32 } from '../../../src/arch/sab/memory.ts';
import { nullb_poll } from '../../../src/drivers/null_blk.ts';
import { aio } from '../../../src/fs/aio/kioctx.ts';
import {
  sys_io_cancel,
  sys_io_destroy,
  sys_io_getevents,
  sys_io_setup,
  sys_io_submit,
} from '../../../src/fs/aio/syscalls.ts';
import { eventfd_file_create, eventfd_read } from '../../../src/fs/eventfd.ts';
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
} from '../../../src/fs/file.ts';
import { create_pipe_files, pipe_read, pipe_write } from '../../../src/fs/pipe.ts';
import {
  i_size,
  tmpfs_byte,
  tmpfs_create,
  type tmpfs_inode,
  tmpfs_open,
  tmpfs_truncate,
} from '../../../src/fs/tmpfs.ts';
import { kernel_enter, kernel_exit, sched_attach, send_signal } from '../../../src/kernel/sched/core.ts';
import { mm_struct } from '../../../src/mm/mm_types.ts';
import { vm_brk } from '../../../src/mm/mmap.ts';
import { kfree, kzalloc } from '../../../src/mm/slab.ts';
import { user_done, user_to_kernel } from '../../../src/mm/uaccess.ts';
import { IOCB_CMD_PREAD, iovec } from '../../../src/uapi/aio_abi.ts';
import { EBADF, IS_ERR } from '../../../src/uapi/errno.ts';
import { peek, poke } from '../../../src/user/libaio.ts';
import { become, type Process } from '../../../src/user/process.ts';
import type { System } from '../ops/system.ts';
import type { SpecialPointer } from '../trace/kinds.ts';
import { type OpenMode, TraceError } from '../trace/trace.ts';
import { withFreePages, withoutRoomToMap } from './faults.ts';
import { poll_file, tellOfReleased, watchPolls } from './poll.ts';

const MODES: Readonly<Record<OpenMode, number>> = { r: FMODE_READ, w: FMODE_WRITE, rw: FMODE_READ | FMODE_WRITE };

/** What cannot be read and cannot be written. */
const directory_fops = defineFops({ name: 'directory' });

/** Runs kernel code on behalf of the process. */
function inKernel<T>(f: () => T): T {
  kernel_enter();
  const ret = f();
  kernel_exit();
  return ret;
}

export class PortSystem implements System {
  /** v3.17 has no poll; a read of the pending device stands for it. */
  readonly pollCommand = IOCB_CMD_PREAD;
  readonly special: Readonly<Record<SpecialPointer, number>>;
  private readonly process: Process;
  private readonly mm: mm_struct;
  private readonly aioNrAtStart = aio.it.aio_nr;
  private readonly files = new Map<string, tmpfs_inode>();
  /** What stands for a descriptor where it is polled, and the reading end of a pipe by the other. */
  private readonly polled = new Map<number, number>();
  private readonly readEnds = new Map<number, number>();
  private readonly cpus: number;
  private readonly end: number;
  private next: number;
  /** What is to go wrong in the next system call. */
  private fault: ((call: () => number) => number) | null = null;

  /** @param process - the current one, with `bytes` bytes of memory of its own that nobody has used */
  constructor(process: Process, bytes: number, cpus: number) {
    this.process = process;
    this.cpus = cpus;
    this.mm = mm_struct.at(process.mm);
    this.next = process.base;
    this.end = process.base + bytes;
    const readOnly = this.map(1, false);
    // A page that is not mapped follows each; two do here, as on the kernel's side.
    this.mm.brk += PAGE_SIZE;
    const GUARD = readOnly + PAGE_SIZE;
    watchPolls();
    this.special = { NULL: 0, BAD: PAGE_OFFSET + PAGE_SIZE, MINUS1: -1, RO: readOnly, GUARD };
  }

  io_setup(nr_events: number, ctxp: number): number {
    return this.call(() => sys_io_setup(nr_events, ctxp));
  }

  io_submit(ctx: number, nr: number, iocbpp: number): number {
    return this.call(() => sys_io_submit(ctx, nr, iocbpp));
  }

  private call(call: () => number): number {
    const { fault } = this;
    this.fault = null;
    return fault === null ? call() : fault(call);
  }

  readonly io_destroy = sys_io_destroy;
  readonly io_cancel = sys_io_cancel;
  readonly io_getevents = sys_io_getevents;
  readonly peek = peek;
  readonly poke = poke;

  private map(pages: number, writable: boolean): number {
    const at = inKernel(() => vm_brk(this.mm, pages, writable));
    if (at < 0) throw new TraceError('the process of the port is out of memory');
    return at;
  }

  alloc(bytes: number): number {
    const at = this.next;
    this.next += (bytes + 63) & -64;
    if (this.next > this.end) throw new TraceError('the trace needs more memory than a process of the port has');
    return at;
  }

  allocReadOnly(bytes: number): number {
    return this.map(Math.ceil(bytes / PAGE_SIZE), false);
  }

  allocGuarded(bytes: number): number {
    const pages = Math.max(1, Math.ceil(bytes / PAGE_SIZE));
    return this.map(pages, true) + pages * PAGE_SIZE - bytes;
  }

  fill(at: number, bytes: Uint8Array): void {
    inKernel(() => {
      for (let i = 0; i < bytes.length; ) {
        const inPage = bytes.subarray(i, i + PAGE_SIZE - ((at + i) & (PAGE_SIZE - 1)));
        // As if to read: so a page that the process cannot write is filled, too.
        const to = user_to_kernel(at + i, false);
        if (to !== 0) {
          for (const [k, byte] of inPage.entries()) store8(to + k, byte);
          user_done(at + i);
        }
        i += inPage.length;
      }
    });
  }

  pollFd(fd: number): number {
    const known = this.polled.get(fd);
    if (known !== undefined) return known;
    const target = inKernel(() => fget(fd));
    if (target.addr === 0) return fd;
    const twin = this.install(() => poll_file(target));
    inKernel(() => fput(target));
    this.polled.set(fd, twin);
    return twin;
  }

  makeFile(name: string, bytes: number, byteAt: (i: number) => number): void {
    inKernel(() => {
      const inode = tmpfs_create();
      if (inode !== null) this.files.set(name, inode);
      for (let i = 0; i < bytes; i++) {
        const at = inode === null ? 0 : tmpfs_byte(inode, i, true);
        if (at === 0) throw new TraceError(`the port has no memory for the file ${name}`);
        store8(at, byteAt(i));
      }
      if (inode !== null) tmpfs_truncate(inode, bytes);
    });
  }

  private file(name: string): tmpfs_inode {
    const inode = this.files.get(name);
    if (inode === undefined) throw new TraceError(`there is no file ${name}`);
    return inode;
  }

  truncate(name: string, bytes: number): void {
    const inode = this.file(name);
    inKernel(() => tmpfs_truncate(inode, bytes));
  }

  fileSize(name: string): number {
    const inode = this.file(name);
    return inKernel(() => i_size(inode));
  }

  fileBytes(name: string): Uint8Array {
    const inode = this.file(name);
    return inKernel(() => {
      const bytes = new Uint8Array(i_size(inode));
      for (let pos = 0; pos < bytes.length; pos += PAGE_SIZE) {
        const page = tmpfs_byte(inode, pos, false);
        const end = Math.min(PAGE_SIZE, bytes.length - pos);
        for (let i = 0; page !== 0 && i < end; i++) bytes[pos + i] = load8(page + i);
      }
      return bytes;
    });
  }

  open(name: string, mode: OpenMode, append: boolean): number {
    const inode = this.file(name);
    return this.install(() => tmpfs_open(inode, MODES[mode], append ? O_APPEND : 0));
  }

  openDirectory(mode: OpenMode): number {
    return this.install(() => alloc_file(directory_fops, MODES[mode], null));
  }

  pipe(): readonly [number, number] {
    const ends = inKernel(create_pipe_files);
    if (IS_ERR(ends)) throw new TraceError('the port has no memory for a pipe');
    const [r, w] = [this.install(() => ends[0]), this.install(() => ends[1])];
    this.readEnds.set(w, r);
    return [r, w];
  }

  eventfd(count: number): number {
    return this.install(() => {
      const filp = eventfd_file_create(count);
      return IS_ERR(filp) ? null : filp;
    });
  }

  private install(open: () => file | null): number {
    return inKernel(() => {
      const filp = open();
      const fd = filp === null ? -1 : fd_install(files_struct.at(this.process.files), filp);
      if (fd < 0) throw new TraceError('the port is out of descriptors, or of memory');
      return fd;
    });
  }

  /** Does something to an open file. */
  private withFile(fd: number, f: (filp: file) => number): number {
    return inKernel(() => {
      const filp = fget(fd);
      if (filp.addr === 0) return -EBADF;
      const ret = f(filp);
      fput(filp);
      return ret;
    });
  }

  eventfdRead(fd: number): number {
    return this.withFile(fd, eventfd_read);
  }

  close(fd: number): number {
    const files = files_struct.at(this.process.files);
    const twin = this.polled.get(fd);
    this.polled.delete(fd);
    if (twin !== undefined) inKernel(() => close_fd(files, twin));
    return inKernel(() => {
      const ret = close_fd(files, fd);
      tellOfReleased();
      return ret;
    });
  }

  complete(w: number): number {
    const buffer = this.alloc(8);
    const move = (fd: number, f: typeof pipe_read, bytes: number): number =>
      this.withFile(fd, (filp) => {
        const iov = iovec.at(kzalloc(iovec.sizeof));
        store32(iov.iov_base, buffer);
        store32(iov.iov_len, bytes);
        const ret = f(filp, iov.addr, 1, bytes);
        kfree(iov.addr);
        return ret;
      });
    const ret = move(w, pipe_write, 1);
    if (ret === 1) move(this.readEnds.get(w) ?? -1, pipe_read, 8);
    return ret;
  }

  /** What was cancelled waits for the device's interrupt. */
  settle(): void {
    inKernel(nullb_poll);
  }

  runOn(offset: number): void {
    setCpu(offset, this.cpus);
    sched_attach();
    become(this.process);
  }

  withSignal(call: () => number): number {
    send_signal(smp_processor_id());
    return call();
  }

  aioNr(): number {
    return aio.it.aio_nr - this.aioNrAtStart;
  }

  setAioMaxNr(room: number): void {
    aio.it.aio_max_nr = this.aioNrAtStart + room;
  }

  failNextRingMmap(): void {
    this.fault = (call) => withoutRoomToMap(this.mm, call);
  }

  failNextAllocation(pages: number): void {
    this.fault = (call) => withFreePages(pages, call);
  }
}

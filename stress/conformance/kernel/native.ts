// SPDX-License-Identifier: GPL-2.0-only
/**
 * System calls of the host, and a view of its memory, through koffi.
 *
 * koffi is optional. It calls a C function whose address it finds in the libraries that Node has loaded; nothing is
 * compiled. A view shows memory where it is: of what has been unmapped it must not be touched, that is SIGSEGV of Node.
 */
import { readFileSync } from 'node:fs';
import { answerOf } from '../trace/answers.ts';

/** System calls of x86-64. */
export const NR = {
  read: 0,
  write: 1,
  close: 3,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  nanosleep: 35,
  setitimer: 38,
  flock: 73,
  prctl: 157,
  sched_setaffinity: 203,
  io_setup: 206,
  io_destroy: 207,
  io_getevents: 208,
  io_submit: 209,
  io_cancel: 210,
  tgkill: 234,
  eventfd2: 290,
  pipe2: 293,
  prlimit64: 302,
} as const;

export const PAGE = 4096;
/** What a process may do with memory. */
type Access = 'rw' | 'r' | '';
const PROT: Readonly<Record<Access, number>> = { rw: 3, r: 1, '': 0 };
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
const PR_SET_PDEATHSIG = 1;
const SIGTERM = 15;
const MAP_32BIT = 0x40;

type Syscall = (...args: number[]) => number | bigint;
/** The part of koffi that is used; the package may be absent, so may its types. */
interface Koffi {
  load(library: null): { func(name: string, result: string, args: string[]): Syscall & { async: AsyncSyscall } };
  view(at: bigint, bytes: number): ArrayBuffer;
  errno(): number;
}
type AsyncSyscall = (...args: [...number[], (error: unknown, ret: number | bigint) => void]) => void;

/** Why the host's kernel cannot be asked. */
export class NoKernel extends Error {
  override readonly name = 'NoKernel';
}

/** Why a kernel refuses to make a context. */
const REFUSALS: Readonly<Record<string, string>> = {
  '-ENOSYS': 'this kernel has no AIO (io_setup: ENOSYS)',
  '-EPERM': 'AIO is forbidden here, as containers do by seccomp (io_setup: EPERM)',
  '-EAGAIN': 'all contexts of this host are in use (io_setup: EAGAIN); see /proc/sys/fs/aio-nr and aio-max-nr',
};

export class Native {
  private readonly koffi: Koffi;
  private readonly call: Syscall & { async: AsyncSyscall };

  private constructor(koffi: Koffi) {
    this.koffi = koffi;
    this.call = koffi.load(null).func('syscall', 'int64', Array<string>(7).fill('int64'));
  }

  /** @throws NoKernel */
  static async load(): Promise<Native> {
    if (process.platform !== 'linux') throw new NoKernel(`this is ${process.platform}, not Linux`);
    if (process.arch !== 'x64') throw new NoKernel(`the driver knows the system calls of x64, this is ${process.arch}`);
    const name: string = 'koffi';
    try {
      const module = (await import(name)) as { readonly default: Koffi };
      return new Native(module.default);
    } catch (error) {
      const [line] = String(error instanceof Error ? error.message : error).split('\n');
      throw new NoKernel(`koffi, which calls the kernel, cannot be loaded (${line}); type npm install koffi`);
    }
  }

  /** @returns what the kernel returned: a result or -errno */
  syscall(nr: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
    const ret = Number(this.call(nr, a, b, c, d, e, f));
    return ret === -1 ? -this.koffi.errno() : ret;
  }

  /** The same in a thread of its own; without the number of the error. */
  syscallAsync(nr: number, a = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      this.call.async(nr, a, 0, 0, 0, 0, 0, (error: unknown, ret: number | bigint) => {
        if (error === null || error === undefined) resolve(Number(ret));
        else reject(error);
      });
    });
  }

  /** Has this process get SIGTERM when the one that started it ends. */
  endWithParent(): void {
    this.syscall(NR.prctl, PR_SET_PDEATHSIG, SIGTERM);
  }

  /** Whether the kernel makes contexts. @param room - address of 8 bytes that are 0 @throws NoKernel if it does not */
  probe(room: number): void {
    const ret = answerOf(this.syscall(NR.io_setup, 1, room));
    if (ret !== 0) throw new NoKernel(REFUSALS[ret] ?? `io_setup() failed: ${ret}`);
    this.syscall(NR.io_destroy, Number(this.view(room, 8).getBigInt64(0, true)));
  }

  /** Maps zeroed private memory. @param low - below 2^31, so that an address is a positive number of 32 bits */
  map(bytes: number, access: Access, low = false): number {
    const flags = MAP_PRIVATE_ANONYMOUS_NORESERVE | (low ? MAP_32BIT : 0);
    const at = this.syscall(NR.mmap, 0, bytes, PROT[access], flags, -1, 0);
    if (at < 0) throw new NoKernel(`mmap() of ${bytes} bytes failed with errno ${-at}`);
    return at;
  }

  protect(at: number, bytes: number, access: Access): void {
    this.syscall(NR.mprotect, at, bytes, PROT[access]);
  }

  /** The memory at an address. */
  view(at: number, bytes: number): DataView {
    return new DataView(this.koffi.view(BigInt(at), bytes));
  }
}

/** The CPUs of a list such as 0-3,8. */
export const cpuList = (list: string): number[] =>
  list
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .flatMap(([first = 0, last = first]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));

/** How many CPUs the kernel has made room for. */
export const possibleCpus = (): number => cpuList(readFileSync('/sys/devices/system/cpu/possible', 'utf8')).length;

/** The CPUs that this process may run on. */
export function allowedCpus(): number[] {
  if (process.platform !== 'linux') return [0];
  const [, list = '0'] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return cpuList(list);
}

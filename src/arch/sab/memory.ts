// SPDX-License-Identifier: GPL-2.0-only
/**
 * RAM: one shared WebAssembly memory, mapped at PAGE_OFFSET, and the only way to read or write it plainly.
 *
 * Addresses are 32-bit byte addresses, split as Linux splits them:
 *
 *   0x00000000 … TASK_SIZE        user space; reached through the page table only (mm/uaccess.ts)
 *   PAGE_OFFSET … + arena bytes   the kernel's direct map of RAM
 *
 * so a NULL pointer, a user pointer and a poisoned pointer all miss RAM, and trap.
 *
 * The index of a word is the address less PAGE_OFFSET, rotated right by two. For an aligned address
 * inside RAM that is the word's number; a misaligned one gets its low bits at the top, and a wild
 * one is large anyway. One unsigned compare against `limit` therefore finds all of them. A hook is
 * installed by making `limit` zero: then each access takes the slow path, which calls the hook and
 * tests the address properly. So the hook costs nothing while it is off.
 *
 * A WebAssembly memory is used because its buffer is a SharedArrayBuffer that starts on a cache line.
 */
import { workerData } from 'node:worker_threads';

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;
export const CACHELINE_BYTES = 64;
/** Where RAM begins in the address space; also the end of what a user pointer may be. */
export const PAGE_OFFSET = 0x4000_0000;
/** First address that user space cannot have. */
export const TASK_SIZE = 0x1000_0000;
export const ARENA_MIB_DEFAULT = 64;
export const ARENA_MIB_MAX = 1024;

declare const target: unique symbol;
/** Byte address of a `T` in shared memory. 0 is NULL. */
export type Addr<T> = number & { readonly [target]: T };

/** What an access is, as the hook is told it. */
export const LOAD = 0;
export const STORE = 1;
export const RMW = 2;
export type Access = typeof LOAD | typeof STORE | typeof RMW;

/** Sees every access to RAM before it happens. It may stall; it must not touch RAM. */
export interface Hook {
  /** @param bytes - 1, 2, 4, or the length of a block copy */
  access(op: Access, addr: number, bytes: number, atomic: boolean): void;
  /** Who sleeps and wakes in the place of the machine; null for real sleep. */
  readonly sleeper: Sleeper | null;
  /** When stores are seen; without it at once, as far as the processor does so. */
  readonly model?: MemoryModel | null;
  /** The allocators are about to write what nobody may touch, which is no access. */
  unchecked?(addr: number, bytes: number): void;
}

/**
 * Stands between a CPU and RAM, where stores are to be late or loads early. It is asked behind access(), and what it
 * gives is used at once.
 */
export interface MemoryModel {
  /** @param index - of a word of RAM in `i32` @returns the index of the word that is to be read or written instead */
  word(op: Access, index: number, atomic: boolean): number;
  /** Bytes of RAM itself are about to be read or written. */
  block(op: Access, addr: number, bytes: number): void;
  /** The allocators are about to write what nobody may touch. */
  unchecked(addr: number, bytes: number): void;
}

/** Sleeping and waking where one CPU runs at a time. */
export interface Sleeper {
  /** Sleeps on the word at `addr`, which has been found to be as expected. @returns whether the time ran out */
  park(addr: number, timeout_ns: number): boolean;
  /** @returns how many were woken */
  unpark(addr: number, count: number): number;
  /** Lets some time pass. */
  idle(ns: number): void;
}

/** Tells of an access that hit no RAM; set by kernel/panic.ts. Must not return. */
export type FaultHandler = (addr: number, op: Access, bytes: number) => never;

/**
 * The memory itself. Address space for the largest arena is reserved once, and the operating system gives pages
 * as they are touched, so that the views below can be constants, which V8 folds into the code that uses them.
 * A worker thread finds it in its workerData; any other thread makes one.
 */
export const memory: WebAssembly.Memory =
  (workerData as { readonly memory?: WebAssembly.Memory } | null)?.memory ??
  new WebAssembly.Memory({ initial: ARENA_MIB_MAX * 16, maximum: ARENA_MIB_MAX * 16, shared: true });

export const i32 = new Int32Array(memory.buffer);
const u8 = new Uint8Array(memory.buffer);
const u16 = new Uint16Array(memory.buffer);
let arena_bytes = 0;
/** `limit`: words that may be reached without the slow path: all of RAM, or none while a hook is set. */
export const gate = { limit: 0 };
let hook: Hook | null = null;
let model: MemoryModel | null = null;
let fault_handler: FaultHandler = (addr) => {
  throw new Error(`bad address 0x${(addr >>> 0).toString(16)}`);
};

/** Says how much of the memory is RAM, in this thread. @param mib - up to ARENA_MIB_MAX */
export function setRamSize(mib: number): void {
  arena_bytes = mib * 1024 * 1024;
  gate.limit = hook === null ? arena_bytes >>> 2 : 0;
}

/** Installs the hook, or removes it with null. Of this thread only. */
export function setHook(next: Hook | null): void {
  hook = next;
  model = next?.model ?? null;
  gate.limit = hook === null ? arena_bytes >>> 2 : 0;
}

export function setFaultHandler(handler: FaultHandler): void {
  fault_handler = handler;
}

/** Bytes of RAM. */
export const ramBytes = (): number => arena_bytes;

/** First address behind RAM. */
export const ramEnd = (): number => PAGE_OFFSET + arena_bytes;

/** Whether `bytes` bytes from `addr` lie in RAM. */
export const isRam = (addr: number, bytes: number): boolean =>
  addr >= PAGE_OFFSET && addr + bytes <= PAGE_OFFSET + arena_bytes;

/** The slow path: tests the address, tells the hook, returns the index in `i32` of the word or what stands for it. */
function slowIndex(op: Access, addr: number, atomic: boolean): number {
  if (!isRam(addr, 4) || (addr & 3) !== 0) fault_handler(addr, op, 4);
  if (hook !== null) hook.access(op, addr, 4, atomic);
  const index = (addr - PAGE_OFFSET) >>> 2;
  return model === null ? index : model.word(op, index, atomic);
}

const slowLoad = (addr: number): number => slowIndex(LOAD, addr, false);
const slowStore = (addr: number): number => slowIndex(STORE, addr, false);

/** Before an allocator writes: a store of this CPU that is still under way must not come behind it. */
function slowUnchecked(addr: number, bytes: number): void {
  if (model !== null) model.unchecked(addr, bytes);
  hook?.unchecked?.(addr, bytes);
}

/** The address whose rotated form, as explained above, is `index`. */
const unrotated = (index: number): number => (((index << 2) | (index >>> 30)) + PAGE_OFFSET) >>> 0;
/** The slow paths of an access through a view, which has its address rotated. */
export const slowLoadOf = (index: number): number => slowLoad(unrotated(index));
export const slowStoreOf = (index: number): number => slowStore(unrotated(index));

/** A copy or fill of more words is faster by the engine's built-in. */
const WORD_LOOP_MAX = 64;

/**
 * The accesses of a word. What they use are parameters of this function, because V8 folds those into the
 * code, while for a variable of a module it must test at each use whether it has been initialised.
 */
function makeWordAccess(
  ram: typeof i32,
  open: { readonly limit: number },
  base: number,
  slow: typeof slowIndex,
  slowFrom: typeof slowLoad,
  slowTo: typeof slowStore,
) {
  return {
    /** The index in `i32` of the word at `addr`, for Atomics. Traps like every access. */
    atomicIndex(op: Access, addr: number): number {
      const index = (((addr - base) >>> 2) | (addr << 30)) >>> 0;
      return index < open.limit ? index : slow(op, addr, true);
    },

    /** Plain load of the signed word at `addr`. */
    load32(addr: number): number {
      const index = (((addr - base) >>> 2) | (addr << 30)) >>> 0;
      return ram[index < open.limit ? index : slowFrom(addr)] as number;
    },

    /** Plain store of a word. */
    store32(addr: number, value: number): void {
      const index = (((addr - base) >>> 2) | (addr << 30)) >>> 0;
      ram[index < open.limit ? index : slowTo(addr)] = value;
    },
  };
}
export const { atomicIndex, load32, store32 } = makeWordAccess(i32, gate, PAGE_OFFSET, slowIndex, slowLoad, slowStore);

/** The accesses of several words, made as those of one. */
function makeBlockAccess(
  ram: typeof i32,
  open: { readonly limit: number },
  base: number,
  slowFrom: typeof slowLoad,
  slowTo: typeof slowStore,
) {
  return {
    /** Plain store of two words. */
    store2(addr: number, first: number, second: number): void {
      const index = (((addr - base) >>> 2) | (addr << 30)) >>> 0;
      if (index + 1 < open.limit) {
        ram[index] = first;
        ram[index + 1] = second;
      } else {
        ram[slowTo(addr)] = first;
        ram[slowTo(addr + 4)] = second;
      }
    },

    /** Plain copy of two words. */
    copy2(to: number, from: number): void {
      const d = (((to - base) >>> 2) | (to << 30)) >>> 0;
      const s = (((from - base) >>> 2) | (from << 30)) >>> 0;
      if (d + 1 < open.limit && s + 1 < open.limit) {
        ram[d] = ram[s] as number;
        ram[d + 1] = ram[s + 1] as number;
      } else {
        const first = ram[slowFrom(from)] as number;
        ram[slowTo(to)] = first;
        const second = ram[slowFrom(from + 4)] as number;
        ram[slowTo(to + 4)] = second;
      }
    },

    /** Copies bytes inside RAM, plainly. */
    memcpy(to: number, from: number, bytes: number): void {
      let d = (((to - base) >>> 2) | (to << 30)) >>> 0;
      let s = (((from - base) >>> 2) | (from << 30)) >>> 0;
      const end = d + (bytes >>> 2);
      if ((bytes & 3) !== 0 || bytes > 4 * WORD_LOOP_MAX || end > open.limit || s + (bytes >>> 2) > open.limit) {
        memcpy_bytes(to, from, bytes);
      } else {
        for (; d + 4 <= end; d += 4, s += 4) {
          ram[d] = ram[s] as number;
          ram[d + 1] = ram[s + 1] as number;
          ram[d + 2] = ram[s + 2] as number;
          ram[d + 3] = ram[s + 3] as number;
        }
        for (; d < end; d++, s++) ram[d] = ram[s] as number;
      }
    },

    /** Zeroes memory for the allocators, which write what nobody may touch: no hook. @param bytes - a multiple of 8 */
    clear_unchecked(addr: number, bytes: number): void {
      let d = (addr - base) >>> 2;
      if (d >= open.limit) slowUnchecked(addr, bytes);
      for (const end = d + (bytes >>> 2); d < end; d += 2) {
        ram[d] = 0;
        ram[d + 1] = 0;
      }
    },
  };
}
export const { store2, copy2, memcpy, clear_unchecked } = makeBlockAccess(i32, gate, PAGE_OFFSET, slowLoad, slowStore);

export function load16(addr: number): number {
  if ((addr & 1) !== 0) fault_handler(addr, LOAD, 2);
  checkBlock(LOAD, addr, 2);
  return u16[(addr - PAGE_OFFSET) >>> 1] as number;
}

export function store16(addr: number, value: number): void {
  if ((addr & 1) !== 0) fault_handler(addr, STORE, 2);
  checkBlock(STORE, addr, 2);
  u16[(addr - PAGE_OFFSET) >>> 1] = value;
}

export function load8(addr: number): number {
  checkBlock(LOAD, addr, 1);
  return u8[addr - PAGE_OFFSET] as number;
}

export function store8(addr: number, value: number): void {
  checkBlock(STORE, addr, 1);
  u8[addr - PAGE_OFFSET] = value;
}

/** Traps unless `bytes` bytes from `addr` are RAM; tells the hook of one access to all of them. */
export function checkBlock(op: Access, addr: number, bytes: number): void {
  if (!isRam(addr, bytes)) fault_handler(addr, op, bytes);
  if (hook !== null && bytes > 0) hook.access(op, addr, bytes, false);
  if (model !== null && bytes > 0) model.block(op, addr, bytes);
}

/** Whether a block is to be accessed word by word: where the order in which its words are seen matters. */
const isWordwise = (addr: number, bytes: number): boolean =>
  model !== null && ((addr | bytes) & 3) === 0 && bytes <= 4 * WORD_LOOP_MAX;

function memcpy_bytes(to: number, from: number, bytes: number): void {
  if (isWordwise(to | from, bytes)) {
    for (let i = 0; i < bytes; i += 4) store32(to + i, load32(from + i));
    return;
  }
  checkBlock(LOAD, from, bytes);
  checkBlock(STORE, to, bytes);
  u8.copyWithin(to - PAGE_OFFSET, from - PAGE_OFFSET, from - PAGE_OFFSET + bytes);
}

/** Fills bytes of RAM, plainly. */
export function memset(addr: number, byte: number, bytes: number): void {
  if (isWordwise(addr, bytes)) {
    for (let i = 0; i < bytes; i += 4) store32(addr + i, byte * 0x01010101);
    return;
  }
  checkBlock(STORE, addr, bytes);
  memset_unchecked(addr, byte, bytes);
}

/** memset for the allocators, which write memory that nobody may touch: no hook. */
export function memset_unchecked(addr: number, byte: number, bytes: number): void {
  slowUnchecked(addr, bytes);
  if (((addr | bytes) & 3) === 0) {
    const word = byte * 0x01010101;
    let d = (addr - PAGE_OFFSET) >>> 2;
    const end = d + (bytes >>> 2);
    // Shared memory is filled element by element: by words it takes a quarter of the time.
    if (bytes > 4 * WORD_LOOP_MAX) i32.fill(word, d, end);
    else for (; d < end; d++) i32[d] = word;
  } else {
    u8.fill(byte, addr - PAGE_OFFSET, addr - PAGE_OFFSET + bytes);
  }
}

/** Whether a hook is set; for code that has a cheaper form without one. */
export const isHooked = (): boolean => hook !== null;

/** Who sleeps and wakes in the place of the machine. */
export const currentSleeper = (): Sleeper | null => (hook === null ? null : hook.sleeper);

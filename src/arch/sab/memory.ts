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
 * one is large anyway. RAM ends where the array `ram.words` does, so the test that V8 makes of each
 * index finds all of them: what is read there is undefined, and takes the slow path, which traps.
 * While a hook is set every access does, and is told of there. In a thread that never sets one, V8
 * knows that `hooked` is false and `words` the array, and an access is an address, a compare, a move.
 *
 * KASAN alone is not called for each access, either: the slow path itself looks at the shadow of the word first.
 */
import {
  type Access,
  type AccessKind,
  ATOMIC,
  type Barrier,
  type Hook,
  LOAD,
  type MemoryModel,
  ONCE,
  PAGE_OFFSET,
  PLAIN,
  type Sleeper,
  STORE,
} from './access.ts';
import { local_irq_restore, local_irq_save } from './cpu.ts';
import { copy, fill } from './instructions.ts';
import { memory, SHADOW_OFFSET, SHADOW_SHIFT } from './ram.ts';
import type { Bytes } from './words.ts';

export { ARENA_MIB_MAX, createMemory, memory, SHADOW_SHIFT } from './ram.ts';

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 1 << PAGE_SHIFT;
export const CACHELINE_BYTES = 64;
/** First address that user space cannot have. */
export const TASK_SIZE = 0x1000_0000;
export const ARENA_MIB_DEFAULT = 64;

declare const target: unique symbol;
/** Byte address of a `T` in shared memory. 0 is NULL. */
export type Addr<T> = number & { readonly [target]: T };

/** Tells of an access that hit no RAM; set by kernel/panic.ts. Must not return. */
export type FaultHandler = (addr: number, op: Access, bytes: number) => never;

export const i32 = new Int32Array(memory.buffer);
const u8 = new Uint8Array(memory.buffer);
const u16 = new Uint16Array(memory.buffer);
/** A byte for eight bytes of RAM; zero if they may be touched. */
export const shadow = new Uint8Array(memory.buffer, SHADOW_OFFSET) as Uint8Array as Bytes;
/** What each access looks at. V8 takes a field for a constant until it is changed, so neither is set without need. */
class Ram {
  /** every access takes the slow path */
  hooked = false;
  /** RAM; not there before its size is known */
  declare words: Int32Array;
}
export const ram = new Ram();
let arena_bytes = 0;
const RAM_WORDS = 0;
const SHADOWED_WORDS = 1;
/** Words of RAM; words that may be reached where their shadow is zero: all of RAM, or none. */
const limit = new Uint32Array(new ArrayBuffer(8));
let hook: Hook | null = null;
let model: MemoryModel | null = null;
let fault_handler: FaultHandler = (addr) => {
  throw new Error(`bad address 0x${(addr >>> 0).toString(16)}`);
};

/** Says how much of the memory is RAM, in this thread. @param mib - up to ARENA_MIB_MAX */
export function setRamSize(mib: number): void {
  arena_bytes = mib * 1024 * 1024;
  if (ram.words?.byteLength !== arena_bytes) ram.words = new Int32Array(memory.buffer, 0, arena_bytes >>> 2);
  limit[RAM_WORDS] = arena_bytes >>> 2;
  setShadowed();
}

function setShadowed(): void {
  limit[SHADOWED_WORDS] = hook?.shadowed === true && model === null ? (limit[RAM_WORDS] as number) : 0;
}

/** Installs the hook, or removes it with null. Of this thread only. */
export function setHook(next: Hook | null): void {
  hook = next;
  model = next?.model ?? null;
  const hooked = next !== null;
  if (ram.hooked !== hooked) ram.hooked = hooked;
  setShadowed();
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

const WORD_SHADOW_SHIFT = SHADOW_SHIFT - 2;
/** Whether nobody need be told of an access to the word. */
const isCleanWord = (index: number): boolean =>
  (limit[SHADOWED_WORDS] as number) > index >>> 0 && shadow[index >>> WORD_SHADOW_SHIFT] === 0;

/**
 * The slow path of a load, and of a store up to the index in `i32` of the word or what stands for it. In one piece, as
 * isCleanWord() is: so short V8 inlines it at each access, and that is what it costs to have each tested by KASAN.
 */
export function slowLoad(addr: number, index: number): number {
  const clean = (limit[SHADOWED_WORDS] as number) > index >>> 0 && shadow[index >>> WORD_SHADOW_SHIFT] === 0;
  return i32[clean ? index : hookedIndex(LOAD, addr, PLAIN, index)] as number;
}

export function slowStore(addr: number, index: number): number {
  if ((limit[SHADOWED_WORDS] as number) > index >>> 0 && shadow[index >>> WORD_SHADOW_SHIFT] === 0) return index;
  return hookedIndex(STORE, addr, PLAIN, index);
}

function slowAtomic(op: Access, addr: number, index: number): number {
  return isCleanWord(index) ? index : hookedIndex(op, addr, ATOMIC, index);
}

function slowOnce(addr: number, index: number): number {
  return i32[isCleanWord(index) ? index : hookedIndex(LOAD, addr, ONCE, index)] as number;
}

/** A barrier, where there is a hook. */
export function slowBarrier(what: Barrier): void {
  hook?.barrier?.(what);
}

/** Tests the address, tells the hook. */
function hookedIndex(op: Access, addr: number, kind: AccessKind, index: number): number {
  if ((limit[RAM_WORDS] as number) <= index >>> 0) fault_handler(addr, op, 4);
  if (hook !== null) hook.access(op, addr, 4, kind);
  return model === null ? index : model.word(op, index, kind);
}

/** Before an allocator writes: a store of this CPU that is still under way must not come behind it. */
function slowUnchecked(addr: number, bytes: number): void {
  if (model !== null) model.unchecked(addr, bytes);
  hook?.unchecked?.(addr, bytes);
}

/** The index of the word at `addr`, as explained above; negative if that is large. V8 makes two instructions of it. */
function indexOf(addr: number): number {
  const offset = (addr - PAGE_OFFSET) | 0;
  return (offset >>> 2) | (offset << 30);
}

/** The index in `i32` of the word at `addr`, for an atomic access. Traps like every access. */
export function atomicIndex(op: Access, addr: number): number {
  const index = indexOf(addr);
  return ram.hooked || ram.words[index] === undefined ? slowAtomic(op, addr, index) : index;
}

/** Whether the word, or the one `last` words behind it, is not in RAM. */
const isNoRun = (index: number, last: number): boolean =>
  ram.words[index] === undefined || ram.words[(index + last) | 0] === undefined;
const isNoPair = (index: number): boolean => isNoRun(index, 1);

/** Plain load of the signed word at `addr`. */
export function load32(addr: number): number {
  const index = indexOf(addr);
  return ram.hooked ? slowLoad(addr, index) : (ram.words[index] ?? slowLoad(addr, index));
}

/** Load of the signed word at `addr` that C marks by ACCESS_ONCE(). */
export function load_once(addr: number): number {
  const index = indexOf(addr);
  return ram.hooked || ram.words[index] === undefined ? slowOnce(addr, index) : (ram.words[index] as number);
}

/** Plain store of a word. */
export function store32(addr: number, value: number): void {
  const index = indexOf(addr);
  if (ram.hooked || ram.words[index] === undefined) i32[slowStore(addr, index)] = value;
  else ram.words[index] = value;
}

/** Plain store of two words. */
export function store2(addr: number, first: number, second: number): void {
  const index = indexOf(addr);
  const { words } = ram;
  if (ram.hooked || isNoPair(index)) {
    i32[slowStore(addr, index)] = first;
    i32[slowStore(addr + 4, indexOf(addr + 4))] = second;
  } else {
    words[index] = first;
    words[(index + 1) | 0] = second;
  }
}

/** Plain copy of two words. */
export function copy2(to: number, from: number): void {
  const d = indexOf(to);
  const s = indexOf(from);
  const { words } = ram;
  if (ram.hooked || isNoPair(d) || isNoPair(s)) {
    const first = slowLoad(from, s);
    i32[slowStore(to, d)] = first;
    const second = slowLoad(from + 4, indexOf(from + 4));
    i32[slowStore(to + 4, indexOf(to + 4))] = second;
  } else {
    words[d] = words[s] as number;
    words[(d + 1) | 0] = words[(s + 1) | 0] as number;
  }
}

/** What copy() and fill() do is a multiple of so many bytes. */
const TURN = 32;

/** Copies bytes inside RAM, plainly. */
export function memcpy(to: number, from: number, bytes: number): void {
  const d = indexOf(to);
  const s = indexOf(from);
  const last = ((bytes >>> 2) - 1) | 0;
  const { words } = ram;
  if (ram.hooked || isNoRun(d, last) || isNoRun(s, last) || bytes <= 0) {
    memcpy_bytes(to, from, bytes);
  } else if (bytes % TURN === 0) {
    copy(d << 2, s << 2, (d << 2) + bytes);
  } else if (bytes === 8) {
    words[d] = words[s] as number;
    words[(d + last) | 0] = words[(s + last) | 0] as number;
  } else {
    memcpy_bytes(to, from, bytes);
  }
}

/** What copy_page() copies at a time where others may come in between. */
export const COPY_BYTES = 8;

/** Copies a page. Where one CPU runs at a time it is as many steps as in C, and others may come in between. */
export function copy_page(to: number, from: number): void {
  if (currentSleeper() === null) memcpy(to, from, PAGE_SIZE);
  else for (let i = 0; i < PAGE_SIZE; i += COPY_BYTES) memcpy(to + i, from + i, COPY_BYTES);
}

/** Zeroes memory for the allocators, which write what nobody may touch: no hook. @param bytes - a multiple of 8 */
export function clear_unchecked(addr: number, bytes: number): void {
  memset_unchecked(addr, 0, bytes);
}

/** A word as a device sees it, which is no access of a CPU: no hook, and no store of a CPU that is still under way. */
export const load32_unchecked = (addr: number): number => i32[(addr - PAGE_OFFSET) >>> 2] as number;

/**
 * Adds to a word plainly, by one instruction: an interrupt comes before or after it, another CPU in between.
 * @linux arch/x86/include/asm/percpu.h percpu_add_op() v3.17
 */
export function add32(addr: number, n: number): void {
  const index = indexOf(addr);
  const { words } = ram;
  if (ram.hooked || words[index] === undefined) {
    const flags = local_irq_save();
    store32(addr, load32(addr) + n);
    local_irq_restore(flags);
  } else {
    words[index] = (words[index] as number) + n;
  }
}

export function load16(addr: number): number {
  if ((addr & 1) !== 0) fault_handler(addr, LOAD, 2);
  if (!isCleanWord(indexOf(addr & ~3))) checkBlock(LOAD, addr, 2);
  return u16[(addr - PAGE_OFFSET) >>> 1] as number;
}

export function store16(addr: number, value: number): void {
  if ((addr & 1) !== 0) fault_handler(addr, STORE, 2);
  if (!isCleanWord(indexOf(addr & ~3))) checkBlock(STORE, addr, 2);
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
  if (bytes <= 0 || (limit[SHADOWED_WORDS] !== 0 && isClean(addr, bytes))) return;
  if (hook !== null) hook.access(op, addr, bytes, PLAIN);
  if (model !== null) model.block(op, addr, bytes);
}

/** Whether the shadow of a block in RAM is zero. */
function isClean(addr: number, bytes: number): boolean {
  const last = (addr + bytes - 1 - PAGE_OFFSET) >>> SHADOW_SHIFT;
  let i = (addr - PAGE_OFFSET) >>> SHADOW_SHIFT;
  // Four at a time: that is a word.
  if ((i & 3) === 0) for (; i + 3 <= last; i += 4) if (i32[(SHADOW_OFFSET + i) >>> 2] !== 0) return false;
  for (; i <= last; i++) if (shadow[i] !== 0) return false;
  return true;
}

const WORDWISE_MAX = 256;
/** Whether a block is to be accessed word by word: where the order in which its words are seen matters. */
const isWordwise = (addr: number, bytes: number): boolean =>
  model !== null && ((addr | bytes) & 3) === 0 && bytes <= WORDWISE_MAX;

function memcpy_bytes(to: number, from: number, bytes: number): void {
  if (isWordwise(to | from, bytes)) {
    for (let i = 0; i < bytes; i += 4) store32(to + i, load32(from + i));
    return;
  }
  checkBlock(LOAD, from, bytes);
  checkBlock(STORE, to, bytes);
  const d = to - PAGE_OFFSET;
  const s = from - PAGE_OFFSET;
  if (((d | s) & 3) !== 0 || bytes <= 0) u8.copyWithin(d, s, s + bytes);
  else if (bytes % TURN === 0) copy(d, s, d + bytes);
  else if (bytes === 8) {
    i32[d >>> 2] = i32[s >>> 2] as number;
    i32[(d + 4) >>> 2] = i32[(s + 4) >>> 2] as number;
  } else u8.copyWithin(d, s, s + bytes);
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
  if (ram.hooked) slowUnchecked(addr, bytes);
  const start = addr - PAGE_OFFSET;
  if (((addr | bytes) & 3) !== 0) {
    u8.fill(byte, start, start + bytes);
    return;
  }
  const word = byte * 0x01010101;
  const end = start + (bytes & -TURN);
  if (start !== end) fill(start, end, word);
  for (let i = end; i < start + bytes; i += 4) i32[i >>> 2] = word;
}

/** Whether a hook is set; for code that has a cheaper form without one. */
export const isHooked = (): boolean => hook !== null;

/** Who sleeps and wakes in the place of the machine. */
export const currentSleeper = (): Sleeper | null => (hook === null ? null : hook.sleeper);

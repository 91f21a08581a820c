// SPDX-License-Identifier: GPL-2.0-only
/**
 * Static data, and memory at boot.
 *
 * A file-scope variable of the kernel must have one address in every thread. `bss('aio', aio_data)` declares it;
 * bootStatics() gives each its place and writes name and address into the symbol table on RAM's first
 * pages; attachStatics() finds them there. Use: `aio.it.nr_lock`.
 *
 * memblock_alloc() takes memory from the start of RAM before there is a page allocator, as in Linux.
 */
import { PAGE_OFFSET } from './access.ts';
import { symbolHash } from './functable.ts';
import { load32, memset_unchecked, PAGE_SIZE, ramEnd, store32 } from './memory.ts';
import { type Fields, type FieldView, linkPointers, point, type StructType } from './struct.ts';

/** RAM's first page: [0] magic, [1] symbols, then pairs of hash and address. */
const BOOT_MAGIC = 0x6b696f63;
const MAGIC_AT = PAGE_OFFSET;
const COUNT_AT = PAGE_OFFSET + 4;
const TABLE_AT = PAGE_OFFSET + 8;
const SYMBOLS_MAX = (PAGE_SIZE - 8) / 8;

interface Static<F extends Fields> {
  /** The variable. Valid once this thread has booted or attached. */
  readonly it: FieldView<F>;
}
interface Declared {
  readonly name: string;
  readonly type: StructType<Fields>;
  readonly holder: Static<Fields>;
}
const declared: Declared[] = [];
let next = 0;

/** Declares a zeroed file-scope variable. */
export function bss<F extends Fields>(name: string, type: StructType<F>): Static<F> {
  const holder = { it: type.unplaced() };
  declared.push({ name, type, holder } as unknown as Declared);
  return holder;
}

/** The variable at an address, null if there is none. */
export function variableAt(addr: number): { readonly type: StructType<Fields>; readonly base: number } | null {
  const found = declared.find(({ type, holder }) => addr >= holder.it.addr && addr < holder.it.addr + type.sizeof);
  return found === undefined ? null : { type: found.type, base: found.holder.it.addr };
}

/** Memory that lives as long as the machine. Zeroed. @context boot, one thread */
export function memblock_alloc(bytes: number, align: number): number {
  const addr = (next + align - 1) & -align;
  if (addr + bytes > ramEnd()) throw new Error('the arena is too small to boot: give --arena-mib a larger number');
  next = addr + bytes;
  return addr;
}

/** First address that memblock_alloc() has not given away. */
export const memblock_end = (): number => next;

/** Clears RAM and places every variable. @context boot, one thread */
export function bootStatics(): void {
  memset_unchecked(PAGE_OFFSET, 0, ramEnd() - PAGE_OFFSET);
  next = PAGE_OFFSET + PAGE_SIZE;
  linkPointers();
  if (declared.length > SYMBOLS_MAX) throw new Error('the symbol table is full');
  declared.forEach(({ name, type, holder }, i) => {
    point(holder.it, memblock_alloc(type.sizeof, 64));
    store32(TABLE_AT + 8 * i, symbolHash(name));
    store32(TABLE_AT + 8 * i + 4, holder.it.addr);
  });
  store32(COUNT_AT, declared.length);
  store32(MAGIC_AT, BOOT_MAGIC);
}

/** Finds every variable of a machine that another thread has booted. */
export function attachStatics(): void {
  if (load32(MAGIC_AT) !== BOOT_MAGIC) throw new Error('this machine has not been booted');
  linkPointers();
  const table = new Map<number, number>();
  for (let i = 0; i < load32(COUNT_AT); i++) table.set(load32(TABLE_AT + 8 * i), load32(TABLE_AT + 8 * i + 4));
  for (const { name, holder } of declared) {
    const addr = table.get(symbolHash(name));
    if (addr === undefined) throw new Error(`the booting thread did not know the variable ${name}`);
    point(holder.it, addr);
  }
}

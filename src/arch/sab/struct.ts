// SPDX-License-Identifier: GPL-2.0-only
/**
 * Structs in shared memory: `struct('kioctx', {...})` makes a class of typed views.
 *
 *   ctx.tail              the value of a scalar: a plain load or store
 *   ctx.aio_ring_file     a pointer: the view of what it points to, or null
 *   ctx.completion_lock   the address of an embedded object, typed by what it is
 *   ctx.$tail             &ctx->tail
 *
 * Views are interned: `kioctx.at(addr)` gives the same object for the same address in one thread, so
 * `===` is pointer equality. A view of freed memory is harmless; it is only the address, and the
 * access is what KASAN judges.
 *
 * The class and at() are made from source text, one for each struct, because V8 keeps its type feedback by
 * source position: code shared by all structs would see every view class and turn megamorphic.
 */
import type { AtomicT } from './atomic.ts';
import { type Addr, CACHELINE_BYTES, load16, load32, PAGE_OFFSET, store16, store32 } from './memory.ts';

type Access = 'u32' | 's32' | 'u16' | 's16' | 'ptr' | 'address';

/** A field: `V` is what reading it gives, `T` what its address is the address of. */
export interface FieldType<V, T, A extends Access = Access> {
  readonly size: number;
  readonly align: number;
  readonly access: A;
  readonly pointee?: () => StructType<Fields>;
  readonly value?: V;
  readonly target?: T;
}
// biome-ignore lint/suspicious/noExplicitAny: a field of any type
type AnyField = FieldType<any, any>;
export type Fields = Record<string, AnyField>;
type Settable = FieldType<unknown, unknown, 'u32' | 's32' | 'u16' | 's16' | 'ptr'>;

type Values<F extends Fields> = {
  -readonly [K in keyof F as F[K] extends Settable ? K : never]: F[K] extends FieldType<infer V, unknown> ? V : never;
};
type Embedded<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Settable ? never : K]: F[K] extends FieldType<infer V, unknown> ? V : never;
};
type Addresses<F extends Fields> = {
  readonly [K in keyof F & string as `$${K}`]: F[K] extends FieldType<unknown, infer T> ? Addr<T> : never;
};
export type FieldView<F extends Fields> = { readonly addr: number } & Values<F> & Embedded<F> & Addresses<F>;
/** The view type of a struct: `type kioctx = View<typeof kioctx>`. */
export type View<S> = S extends StructType<infer F> ? FieldView<F> : never;

export interface StructType<F extends Fields> {
  readonly structName: string;
  /** bytes */
  readonly sizeof: number;
  /** bytes; 4, 8 or 64 */
  readonly alignof: number;
  /** bytes from the start */
  readonly offsetof: { readonly [K in keyof F]: number };
  /** The view of the struct at `addr`, which is not tested until something is read through it. */
  at(addr: number): FieldView<F>;
  /** As `at`, with null for address 0. */
  from(addr: number): FieldView<F> | null;
}

const scalar = <A extends Access>(access: A, size: number): FieldType<number, number, A> => ({
  size,
  align: size,
  access,
});
export const u32 = scalar('u32', 4);
export const s32 = scalar('s32', 4);
export const u16 = scalar('u16', 2);
export const s16 = scalar('s16', 2);

/** Says that the value is 64 bits, low word first. */
export interface U64 {
  readonly kind: 'u64';
}
const embedded = <T>(size: number, align: number): FieldType<Addr<T>, T, 'address'> => ({
  size,
  align,
  access: 'address',
});
/** 64 bits, reached through lo32() and hi32(): no BigInt on the path of an event. */
export const u64 = embedded<U64>(8, 8);
export const atomic_t = embedded<AtomicT>(4, 4);

/** A pointer to a struct; NULL is null. */
export const ptr = <F extends Fields>(
  pointee: () => StructType<F>,
): FieldType<FieldView<F> | null, Addr<FieldView<F>>, 'ptr'> => ({
  size: 4,
  align: 4,
  access: 'ptr',
  pointee: pointee as unknown as () => StructType<Fields>,
});

/** A struct inside a struct: reads as its address. */
export const embed = <F extends Fields>(
  type: StructType<F>,
): FieldType<Addr<FieldView<F>>, FieldView<F>, 'address'> => ({
  size: type.sizeof,
  align: type.alignof,
  access: 'address',
});

/** `count` words in a row: reads as the address of the first. */
export const words = (count: number): FieldType<Addr<number>, number, 'address'> => ({
  size: 4 * count,
  align: 4,
  access: 'address',
});

/** The same field, at the start of a cache line. */
export const cacheline = <V, T, A extends Access>(type: FieldType<V, T, A>): FieldType<V, T, A> => ({
  ...type,
  align: CACHELINE_BYTES,
});

export const lo32 = (v: Addr<U64>): number => load32(v);
export const hi32 = (v: Addr<U64>): number => load32(v + 4);
export function set64(v: Addr<U64>, lo: number, hi: number): void {
  store32(v, lo);
  store32(v + 4, hi);
}
export function copy64(to: Addr<U64>, from: Addr<U64>): void {
  store32(to, load32(from));
  store32(to + 4, load32(from + 4));
}

const GET: Record<Access, (at: string, name: string) => string> = {
  u32: (at) => `return load32(${at}) >>> 0`,
  s32: (at) => `return load32(${at})`,
  u16: (at) => `return load16(${at})`,
  s16: (at) => `return load16(${at}) << 16 >> 16`,
  ptr: (at, name) => `const p = load32(${at}); return p === 0 ? null : ${name}_type().at(p)`,
  address: (at) => `return ${at}`,
};
const SET: Record<Access, ((at: string) => string) | null> = {
  u32: (at) => `store32(${at}, v)`,
  s32: (at) => `store32(${at}, v)`,
  u16: (at) => `store16(${at}, v)`,
  s16: (at) => `store16(${at}, v)`,
  ptr: (at) => `store32(${at}, v === null ? 0 : v.addr)`,
  address: null,
};

/**
 * Interned views: two levels, pages then words, because a flat table would cost an entry for each word of RAM. A
 * wild address gets a view that is not kept: the trap comes when it is used.
 */
const INTERN = (name: string): string => `
  const pages = [];
  function intern(addr) {
    const number = (addr - ${PAGE_OFFSET}) >>> 12;
    if (number >= 1 << 18) return new ${name}(addr);
    while (pages.length <= number) pages.push(undefined);
    if (pages[number] === undefined) pages[number] = new Array(1024).fill(undefined);
    return pages[number][(addr & 4095) >>> 2] = new ${name}(addr);
  }
  function at(addr) {
    const number = (addr - ${PAGE_OFFSET}) >>> 12;
    if (number < pages.length) {
      const page = pages[number];
      if (page !== undefined) {
        const view = page[(addr & 4095) >>> 2];
        if (view !== undefined && view.addr === addr) return view;
      }
    }
    return intern(addr);
  }
  function from(addr) { return addr === 0 ? null : at(addr) }
  return { at, from };`;

/** Lays the fields out as C does and makes the class of views. */
export function struct<const F extends Fields>(structName: string, fields: F): StructType<F> {
  const offsetof: Record<string, number> = {};
  const accessors: string[] = [];
  const pointees: Record<string, () => StructType<Fields>> = {};
  let size = 0;
  let alignof = 4;
  for (const [name, type] of Object.entries(fields)) {
    size = (size + type.align - 1) & -type.align;
    if (type.align > alignof) alignof = type.align;
    offsetof[name] = size;
    const at = `this.addr + ${size}`;
    if (type.pointee) pointees[`${name}_type`] = type.pointee;
    const set = SET[type.access];
    accessors.push(`get $${name}() { return ${at} }`);
    accessors.push(`get ${name}() { ${GET[type.access](at, name)} }`);
    if (set) accessors.push(`set ${name}(v) { ${set(at)} }`);
    size += type.size;
  }
  const sizeof = (size + alignof - 1) & -alignof;
  const body = `constructor(addr) { this.addr = addr } ${accessors.join('\n')}`;
  const source = `class ${structName} { ${body} }${INTERN(structName)}`;
  const make = new Function('load32', 'store32', 'load16', 'store16', ...Object.keys(pointees), source);
  const { at, from } = make(load32, store32, load16, store16, ...Object.values(pointees)) as Pick<
    StructType<F>,
    'at' | 'from'
  >;
  return {
    structName,
    sizeof,
    alignof,
    offsetof: offsetof as StructType<F>['offsetof'],
    at,
    from,
  };
}

/** The struct in which the object at `addr` is the member `member`. */
export function container_of<F extends Fields, K extends keyof F & string>(
  addr: F[K] extends FieldType<unknown, infer T> ? Addr<T> : never,
  type: StructType<F>,
  member: K,
): FieldView<F> {
  return type.at((addr as number) - (type.offsetof[member] as number));
}

/** Reads a pointer that is an element of an array of words. */
export const ptrAt = <F extends Fields>(array: number, index: number, type: StructType<F>): FieldView<F> | null =>
  type.from(load32(array + 4 * index));

/** Stores a pointer into an array of words. */
export function setPtrAt(array: number, index: number, value: { readonly addr: number } | null): void {
  store32(array + 4 * index, value === null ? 0 : value.addr);
}

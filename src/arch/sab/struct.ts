// SPDX-License-Identifier: GPL-2.0-only
/**
 * Structs in shared memory: `struct('kioctx', {...})` makes a class of typed views.
 *
 *   ctx.tail              the value of a scalar: a plain load or store
 *   ctx.aio_ring_file     a pointer: the view of what it points to, or null
 *   ctx.completion_lock   the address of an embedded object, typed by what it is
 *   ctx.$tail             &ctx->tail
 *
 * A view is an address and nothing else, made anew each time: where the code that uses it is one piece, V8 keeps the
 * address in a register and never makes the object. So pointers are compared by `addr`; `===` compares objects. A view
 * of freed memory is harmless; the access is what KASAN judges.
 *
 * The class and at() are made from source text, one for each struct, because V8 keeps its type feedback by
 * source position: code shared by all structs would see every view class and turn megamorphic.
 */
import { PAGE_OFFSET } from './access.ts';
import type { AtomicT } from './atomic.ts';
import {
  type Addr,
  CACHELINE_BYTES,
  copy2,
  i32,
  load16,
  load32,
  ram,
  slowLoad,
  slowStore,
  store2,
  store16,
  store32,
} from './memory.ts';

type Access = 'u32' | 's32' | 'u16' | 's16' | 'ptr' | 'ref' | 'address';

/** A field: `V` is what reading it gives, `T` what its address is the address of. */
export interface FieldType<V, T, A extends Access = Access> {
  readonly size: number;
  readonly align: number;
  readonly access: A;
  readonly pointee?: () => StructType<Fields>;
  /** The struct that lies here. */
  readonly embeds?: StructType<Fields>;
  /** Whether it is words in a row. */
  readonly isArray?: boolean;
  readonly value?: V;
  readonly target?: T;
}
type AnyField = FieldType<unknown, unknown>;
export type Fields = Record<string, AnyField>;
type Settable = FieldType<unknown, unknown, 'u32' | 's32' | 'u16' | 's16' | 'ptr' | 'ref'>;

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

/** A field as it lies in its struct. */
export interface FieldInfo {
  readonly name: string;
  /** bytes from the start */
  readonly offset: number;
  readonly isArray: boolean;
  readonly embeds: StructType<Fields> | null;
}

export interface StructType<F extends Fields> {
  readonly structName: string;
  /** In the order of their offsets. */
  readonly fields: readonly FieldInfo[];
  /** bytes */
  readonly sizeof: number;
  /** bytes; 4, 8 or 64 */
  readonly alignof: number;
  /** bytes from the start */
  readonly offsetof: { readonly [K in keyof F]: number };
  /** The view of the struct at `addr`, which is not tested until something is read through it. */
  at(addr: number): FieldView<F>;
  /** A view that stands for a variable, whose address comes late: by point(). */
  unplaced(): FieldView<F>;
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
/** Unsigned in C, and never 2^31 or more: an address of RAM, a count of what is in it. Read without making it so. */
export const u31 = s32;
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

/** A pointer that is not tested when it is read. That of NULL reads as a view, which traps when it is used, as in C. */
export const ref = <F extends Fields>(
  pointee: () => StructType<F>,
): FieldType<FieldView<F>, Addr<FieldView<F>>, 'ref'> => ({
  size: 4,
  align: 4,
  access: 'ref',
  pointee: pointee as unknown as () => StructType<Fields>,
});

/** A struct inside a struct: reads as its address. */
export const embed = <F extends Fields>(
  type: StructType<F>,
): FieldType<Addr<FieldView<F>>, FieldView<F>, 'address'> => ({
  size: type.sizeof,
  align: type.alignof,
  access: 'address',
  embeds: type as unknown as StructType<Fields>,
});

/** `count` words in a row: reads as the address of the first. */
export const words = (count: number): FieldType<Addr<number>, number, 'address'> => ({
  size: 4 * count,
  align: 4,
  access: 'address',
  isArray: true,
});

/** The same field, at the start of a cache line. */
export const cacheline = <V, T, A extends Access>(type: FieldType<V, T, A>): FieldType<V, T, A> => ({
  ...type,
  align: CACHELINE_BYTES,
});

export const lo32: (v: Addr<U64>) => number = load32;
export const hi32 = (v: Addr<U64>): number => load32((v + 4) | 0);
/**
 * NOT LINUX: a u64 is two words, stored one after the other; x86-64 stores it at once. On a build where a field may be
 * read while it is written, half of it may be read.
 */
export const set64: (v: Addr<U64>, lo: number, hi: number) => void = store2;
export const copy64: (to: Addr<U64>, from: Addr<U64>) => void = copy2;

/** Text that makes `i` the index of a field's word, as indexOf() of memory.ts does, and says whether it is outside. */
const index = (offset: number): string =>
  `const o = this.addr + ${(offset & ~3) - PAGE_OFFSET} | 0, i = o >>> 2 | o << 30`;
/** Text of a field's word, to be read or to be stored to. */
const loaded = (offset: number): string =>
  `(ram.hooked ? slowLoad(this.addr + ${offset}, i) : ram.words[i] ?? slowLoad(this.addr + ${offset}, i))`;
const stored = (offset: number, value: string): string =>
  `${index(offset)};
    if (ram.hooked || ram.words[i] === undefined) i32[slowStore(this.addr + ${offset}, i)] = ${value};
    else ram.words[i] = ${value}`;
const GET: Record<Access, (offset: number, name: string) => string> = {
  u32: (o) => `${index(o)}; return ${loaded(o)} >>> 0`,
  s32: (o) => `${index(o)}; return ${loaded(o)}`,
  u16: (o) => `${index(o)};
    if (ram.hooked || ram.words[i] === undefined) return load16(this.addr + ${o});
    return ram.words[i] >>> ${(o & 2) << 3} & 0xffff`,
  s16: (o) => `return load16(this.addr + ${o}) << 16 >> 16`,
  ptr: (o, name) => `${index(o)}; const p = ${loaded(o)}; return p === 0 ? null : ${name}_type.at(p)`,
  ref: (o, name) => `${index(o)}; return ${name}_type.at(${loaded(o)})`,
  address: (o) => `return this.addr + ${o} | 0`,
};
const SET: Record<Access, ((offset: number) => string) | null> = {
  u32: (o) => stored(o, 'v'),
  s32: (o) => stored(o, 'v'),
  u16: (o) => `store16(this.addr + ${o}, v)`,
  s16: (o) => `store16(this.addr + ${o}, v)`,
  ptr: (o) => stored(o, 'v === null ? 0 : v.addr'),
  ref: (o) => stored(o, 'v.addr'),
  address: null,
};

/** What a pointer field's getter calls: the pointee's at(), once all structs are declared. */
interface Pointee {
  at?: (addr: number) => object;
  readonly type: () => StructType<Fields>;
}
const pointees: Pointee[] = [];
const pointee = (type: () => StructType<Fields>): Pointee => {
  const link: Pointee = { type };
  pointees.push(link);
  return link;
};

/**
 * Ties the pointers to the structs that they point to, which may be declared later. Called when all are, before the
 * first is used. Each is set once: V8 takes it for a constant, and inlines it.
 */
export function linkPointers(): void {
  for (const link of pointees) link.at ??= link.type().at;
}

/** The class of a struct's views. `addr` is written by point() alone. */
const CLASS = (name: string, accessors: string): string => `
  'use strict';
  const View = class ${name} {
    constructor(addr) { this.addr = addr }
    ${accessors}
  };
  function at(addr) { return new View(addr) }
  function unplaced() { return Object.create(View.prototype) }
  function from(addr) { return addr === 0 ? null : new View(addr) }
  return { at, unplaced, from };
  //# sourceURL=struct:${name}`;

/** Lays the fields out as C does and makes the class of views. */
export function struct<const F extends Fields>(structName: string, fields: F): StructType<F> {
  const offsetof: Record<string, number> = {};
  const infos: FieldInfo[] = [];
  const accessors: string[] = [];
  const links: Record<string, Pointee> = {};
  let size = 0;
  let alignof = 4;
  for (const [name, type] of Object.entries(fields)) {
    size = (size + type.align - 1) & -type.align;
    if (type.align > alignof) alignof = type.align;
    offsetof[name] = size;
    infos.push({ name, offset: size, isArray: type.isArray ?? false, embeds: type.embeds ?? null });
    if (type.pointee) links[`${name}_type`] = pointee(type.pointee);
    const set = SET[type.access];
    accessors.push(`get $${name}() { ${GET.address(size, name)} }`);
    accessors.push(`get ${name}() { ${GET[type.access](size, name)} }`);
    if (set) accessors.push(`set ${name}(v) { ${set(size)} }`);
    size += type.size;
  }
  const sizeof = (size + alignof - 1) & -alignof;
  const given = { i32, ram, load16, slowLoad, slowStore, store16, ...links };
  const make = new Function(...Object.keys(given), CLASS(structName, accessors.join('\n')));
  const { at, unplaced, from } = make(...Object.values(given)) as Pick<StructType<F>, 'at' | 'unplaced' | 'from'>;
  return {
    structName,
    fields: infos,
    sizeof,
    alignof,
    offsetof: offsetof as StructType<F>['offsetof'],
    at,
    unplaced,
    from,
  };
}

/** Places an unplaced view. Where it is placed but once, or there again, V8 takes its address for a constant. */
export function point<F extends Fields>(view: FieldView<F>, addr: number): void {
  if (view.addr !== addr) (view as { addr: number }).addr = addr;
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

/**
 * The field that lies at an offset: that of the struct, then of the struct that is embedded there, and so on inwards.
 * The last one may be of any length.
 */
export function fieldsAt(type: StructType<Fields>, offset: number): FieldInfo[] {
  const field = type.fields.findLast((one) => one.offset <= offset);
  if (field === undefined) return [];
  return field.embeds === null ? [field] : [field, ...fieldsAt(field.embeds, offset - field.offset)];
}

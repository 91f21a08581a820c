// SPDX-License-Identifier: GPL-2.0-only
/**
 * Instructions on RAM that JavaScript has no fast way to: the atomic ones, and copies and fills by 32 bytes.
 *
 * They are exports of a WebAssembly module, which is written out below, section by section. V8 makes of `Atomics.add()`
 * a call of a built-in that tests its arguments each time, some 7.5 ns; a call of an export costs 3 to 4.5 ns. Both are
 * sequentially consistent, and on the same memory, so Atomics.wait() and notify() sleep and wake on what either stores.
 *
 * A fence is what the processor needs. x86-64 keeps loads and stores each in order: there the compiler alone must be
 * kept from moving them, which a call does, and a full fence is an exchange (7 ns; mfence takes 26). Elsewhere each of
 * them is WebAssembly's atomic.fence.
 *
 * Addresses are byte offsets into RAM. Nothing is tested here: memory.ts has.
 */
import { memory, WASM_PAGES } from './ram.ts';

interface Instructions {
  load(at: number): number;
  store(at: number, value: number): void;
  /** This and the next two give what the word was. */
  add(at: number, n: number): number;
  exchange(at: number, value: number): number;
  compareExchange(at: number, expected: number, value: number): number;
  /** Loads and stores before it come before those after it. @param at - of a word that no other thread uses */
  fullFence(at: number): void;
  /** Loads before it come before loads after it, and stores before it before stores after it. */
  orderFence(): void;
  /** Copies forwards. @param end - of what is written; a multiple of 32 bytes behind `to`, and not `to` itself */
  copy(to: number, from: number, end: number): void;
  /** @param end - as of copy() */
  fill(to: number, end: number, word: number): void;
}

const VECTOR_BYTES = 16;
const I32 = 0x7f;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const LOOP = [0x03, 0x40];
const REPEAT_IF = [0x0d, 0];
const END = 0x0b;
/** Alignment of an access as a power of two, and its offset. */
const WORDS = [2, 0];
/** The same, of the second half of what a turn of a loop does. */
const SECOND = [2, VECTOR_BYTES];
const I32_ATOMIC = {
  load: [0xfe, 0x10],
  store: [0xfe, 0x17],
  add: [0xfe, 0x1e],
  xchg: [0xfe, 0x41],
  cmpxchg: [0xfe, 0x48],
};
const DROP = 0x1a;
const ATOMIC_FENCE = [0xfe, 0x03, 0];
const IS_X86 = process.arch === 'x64';
const V128_LOAD = [0xfd, 0x00];
const V128_STORE = [0xfd, 0x0b];
const I32X4_SPLAT = [0xfd, 0x11];

/** The first `count` parameters. */
const get = (count: number): number[] => Array.from({ length: count }, (_, i) => [LOCAL_GET, i]).flat();
/** Moves a parameter on by a turn. */
const advance = (param: number, keep: number): number[] => [LOCAL_GET, param, I32_CONST, 32, I32_ADD, keep, param];

interface Export {
  readonly name: keyof Instructions;
  readonly params: number;
  readonly results: number;
  readonly code: readonly number[];
}
const EXPORTS: readonly Export[] = [
  { name: 'load', params: 1, results: 1, code: [...get(1), ...I32_ATOMIC.load, ...WORDS] },
  { name: 'store', params: 2, results: 0, code: [...get(2), ...I32_ATOMIC.store, ...WORDS] },
  { name: 'add', params: 2, results: 1, code: [...get(2), ...I32_ATOMIC.add, ...WORDS] },
  { name: 'exchange', params: 2, results: 1, code: [...get(2), ...I32_ATOMIC.xchg, ...WORDS] },
  { name: 'compareExchange', params: 3, results: 1, code: [...get(3), ...I32_ATOMIC.cmpxchg, ...WORDS] },
  {
    name: 'fullFence',
    params: 1,
    results: 0,
    code: IS_X86 ? [LOCAL_GET, 0, LOCAL_GET, 0, ...I32_ATOMIC.xchg, ...WORDS, DROP] : ATOMIC_FENCE,
  },
  { name: 'orderFence', params: 0, results: 0, code: IS_X86 ? [] : ATOMIC_FENCE },
  {
    name: 'copy',
    params: 3,
    results: 0,
    // do { to[0] = from[0]; to[1] = from[1]; from += 2; to += 2 } while (to < end)
    code: [
      ...LOOP,
      ...[...get(2), ...V128_LOAD, ...WORDS, ...V128_STORE, ...WORDS],
      ...[...get(2), ...V128_LOAD, ...SECOND, ...V128_STORE, ...SECOND],
      ...advance(1, LOCAL_SET),
      ...advance(0, LOCAL_TEE),
      ...[LOCAL_GET, 2],
      I32_LT_U,
      ...REPEAT_IF,
      END,
    ],
  },
  {
    name: 'fill',
    params: 3,
    results: 0,
    // do { to[0] = to[1] = { word, word, word, word }; to += 2 } while (to < end)
    code: [
      ...LOOP,
      ...[...get(1), LOCAL_GET, 2, ...I32X4_SPLAT, ...V128_STORE, ...WORDS],
      ...[...get(1), LOCAL_GET, 2, ...I32X4_SPLAT, ...V128_STORE, ...SECOND],
      ...advance(0, LOCAL_TEE),
      ...[LOCAL_GET, 1],
      I32_LT_U,
      ...REPEAT_IF,
      END,
    ],
  },
];

/** An unsigned number: seven bits a byte, low ones first. */
const number = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...number(n >>> 7)]);
const vector = (items: readonly (readonly number[])[]): number[] => [...number(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...number(bytes.length), ...bytes];
const text = (s: string): number[] => sized([...Buffer.from(s)]);
const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];

const types = (count: number): number[] => vector(new Array(count).fill([I32]));
const SHARED_MEMORY = [2, 3, ...number(WASM_PAGES), ...number(WASM_PAGES)];
const NO_LOCALS = vector([]);

const module = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
  ...section(1, vector(EXPORTS.map(({ params, results }) => [0x60, ...types(params), ...types(results)]))),
  ...section(2, vector([[...text('ram'), ...text('memory'), ...SHARED_MEMORY]])),
  ...section(3, vector(EXPORTS.map((_, type) => [type]))),
  ...section(7, vector(EXPORTS.map(({ name }, i) => [...text(name), 0, i]))),
  ...section(10, vector(EXPORTS.map(({ code }) => sized([...NO_LOCALS, ...code, END])))),
]);

export const { load, store, add, exchange, compareExchange, fullFence, orderFence, copy, fill } =
  new WebAssembly.Instance(new WebAssembly.Module(module), { ram: { memory } }).exports as unknown as Instructions;

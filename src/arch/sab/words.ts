// SPDX-License-Identifier: GPL-2.0-only
/**
 * Shared words outside RAM: what the machine's operator sees and a kernel that runs wild cannot reach.
 *
 * Lock statistics, flight recorders, oops records, the control panel and the oracles' books live in
 * buffers of their own, not in the arena, so that a kernel bug cannot touch the evidence.
 */

export type Words = Int32Array<SharedArrayBuffer>;
export type Doubles = Float64Array<SharedArrayBuffer>;
export type Bytes = Uint8Array<SharedArrayBuffer>;

export const createWords = (count: number): Words => new Int32Array(new SharedArrayBuffer(4 * count));
export const createDoubles = (count: number): Doubles => new Float64Array(new SharedArrayBuffer(8 * count));
export const createBytes = (count: number): Bytes => new Uint8Array(new SharedArrayBuffer(count));

/** Those two also on memory that is not a SharedArrayBuffer, but shared all the same: a mapping of the host's. */
export const wordLoad = (words: Int32Array, index: number): number => Atomics.load(words, index);
export const wordStore = (words: Int32Array, index: number, value: number): number =>
  Atomics.store(words, index, value);
/** @returns what the word was */
export const wordAdd = (words: Words, index: number, n: number): number => Atomics.add(words, index, n);
/** @returns what the word was */
export const wordOr = (words: Words, index: number, bits: number): number => Atomics.or(words, index, bits);
/** @returns what the word was */
export const wordCas = (words: Words, index: number, old: number, next: number): number =>
  Atomics.compareExchange(words, index, old, next);

/** Sleeps while the word is `value`, up to `timeout_ms`. For the operator's words only; the kernel sleeps in park(). */
export function wordWait(words: Words, index: number, value: number, timeout_ms: number): void {
  Atomics.wait(words, index, value, timeout_ms);
}

/** Wakes up to `count` sleepers. @returns how many there were */
export const wordNotify = (words: Words, index: number, count = Number.POSITIVE_INFINITY): number =>
  Atomics.notify(words, index, count);

/** Resolves when the word is no longer `value`, or after `timeout_ms`. For the main thread, which must not block. */
export async function wordWaitAsync(words: Words, index: number, value: number, timeout_ms: number): Promise<void> {
  const result = Atomics.waitAsync(words, index, value, timeout_ms);
  if (result.async) await result.value;
}

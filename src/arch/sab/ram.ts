// SPDX-License-Identifier: GPL-2.0-only
/**
 * The memory that RAM is in.
 *
 * Address space for the largest arena is reserved once, and the operating system gives pages as they are touched, so
 * that the memory and the views of it can be constants, which V8 folds into the code that uses them. A worker thread
 * finds it in its workerData; any other thread makes one. Behind the arena there is room for KASAN's shadow
 * (mm/kasan.ts), for the same reason, and then for a word of each thread's own (smp_mb()).
 *
 * It is a WebAssembly memory because its buffer, a SharedArrayBuffer, then starts on a cache line, and because
 * WebAssembly can run instructions on it (instructions.ts).
 */
import { threadId, workerData } from 'node:worker_threads';
import { ALLOWED, HostLimit } from './host_limit.ts';

export const ARENA_MIB_MAX = 1024;
const PAGES_PER_MIB = 16;
/** RAM has a byte of shadow for so many bytes, as a power of two. */
export const SHADOW_SHIFT = 3;
/** Where in the memory the shadow is, in bytes: behind the largest arena, where no address of RAM leads. */
export const SHADOW_OFFSET = ARENA_MIB_MAX * 1024 * 1024;
const OWN_WORDS_OFFSET = SHADOW_OFFSET + (SHADOW_OFFSET >>> SHADOW_SHIFT);
/** Threads with words in cache lines of their own; one more shares a line, which costs time only. */
const OWN_WORDS = 1024;
/** Where this thread's own word is, in bytes. */
export const OWN_WORD_OFFSET: number = OWN_WORDS_OFFSET + (threadId % OWN_WORDS) * 64;
/** Pages of the memory, 64 KiB each. */
export const WASM_PAGES = (ARENA_MIB_MAX + (ARENA_MIB_MAX >>> SHADOW_SHIFT)) * PAGES_PER_MIB + 1;

/** What V8 reserves for a memory, GiB: as much as an index can reach, so that it need not test one. */
const RESERVED_GIB = 10;

/** Another memory of that size, for threads to come. @throws HostLimit */
export function createMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: WASM_PAGES, maximum: WASM_PAGES, shared: true });
  } catch (cause) {
    const allowed = ALLOWED.addressSpaceGib;
    const limited = Number.isFinite(allowed)
      ? `ulimit -v allows ${allowed.toFixed(1)} GiB in all; type ulimit -v unlimited, and the same again`
      : 'the host refuses it; run it where a process may have as much';
    throw new HostLimit(
      `RAM needs up to ${RESERVED_GIB} GiB of address space, of which little becomes memory, and ${limited}`,
      0,
      cause,
    );
  }
}

export const memory: WebAssembly.Memory =
  (workerData as { readonly memory?: WebAssembly.Memory } | null)?.memory ?? createMemory();

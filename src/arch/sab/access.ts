// SPDX-License-Identifier: GPL-2.0-only
/** An access to RAM, and who hears of it or stands between. Types and numbers only: nothing here makes a memory. */

/** Where RAM begins in the address space; also the end of what a user pointer may be. */
export const PAGE_OFFSET = 0x4000_0000;

/** What an access is, as the hook is told it. */
export const LOAD = 0;
export const STORE = 1;
export const RMW = 2;
export type Access = typeof LOAD | typeof STORE | typeof RMW;

/** What an access is in C. The compiler may merge, split and move a plain one, and nobody else may race with it. */
export const PLAIN = 0;
/** ACCESS_ONCE(), rcu_dereference(): done as written, and no more ordered than a plain one. */
export const ONCE = 1;
/** An atomic instruction, an acquire or a release. */
export const ATOMIC = 2;
export type AccessKind = typeof PLAIN | typeof ONCE | typeof ATOMIC;

/** Barriers: of stores, of loads, of both. */
export const WMB = 0;
export const RMB = 1;
export const MB = 2;
export type Barrier = typeof WMB | typeof RMB | typeof MB;

/** Sees every access to RAM before it happens. It may stall; it must not touch RAM. */
export interface Hook {
  /** @param bytes - 1, 2, 4, or the length of a block copy */
  access(op: Access, addr: number, bytes: number, kind: AccessKind): void;
  /** This CPU is at a barrier. */
  barrier?(what: Barrier): void;
  /** Whether it need not see accesses to memory whose shadow is zero. */
  readonly shadowed?: boolean;
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
  word(op: Access, index: number, kind: AccessKind): number;
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
  /** Whether every other CPU waits for a wake-up, or for the next phase. */
  isQuiet(): boolean;
}

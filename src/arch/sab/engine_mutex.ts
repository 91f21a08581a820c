// SPDX-License-Identifier: GPL-2.0-only
/**
 * The engine's own mutex, where it has one: V8 does behind --harmony-struct, as the structs proposal describes it.
 *
 * NOT LINUX: for comparison only; the kernel's locks are words of RAM.
 */

declare const mutex: unique symbol;
/** Can be posted to other threads. */
export type EngineMutex = object & { readonly [mutex]: true };

interface EngineMutexes {
  new (): EngineMutex;
  lock(which: EngineMutex, section: () => void): void;
}

const engine = (Atomics as { readonly Mutex?: EngineMutexes }).Mutex;

/** A mutex of the engine, null if it has none. */
export const makeEngineMutex = (): EngineMutex | null => (engine === undefined ? null : new engine());

/** Runs `section` with the mutex held. @context an engine that has one */
export function withEngineMutex(which: EngineMutex, section: () => void): void {
  engine?.lock(which, section);
}

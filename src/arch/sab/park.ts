// SPDX-License-Identifier: GPL-2.0-only
/**
 * Sleeping on a word: the futex of this machine, and the only place in it where a CPU stops.
 *
 * @linux kernel/futex.c futex_wait(), futex_wake()
 */
import { LOAD, PAGE_OFFSET } from './access.ts';
import { addWaking, clearParked, isAborted, MachineAborted, parkedOn, quietSaid, setParked } from './control.ts';
import { smp_processor_id } from './cpu.ts';
import { type Addr, atomicIndex, currentSleeper, i32 } from './memory.ts';
import { createWords, wordWait } from './words.ts';

/** No timeout. */
export const FOREVER = Number.POSITIVE_INFINITY;

/**
 * Sleeps while the word at `addr` is `expected`. Returns at once if it is not; may return early.
 *
 * @param timeout_ns - at most so long
 * @returns whether the time ran out
 * @throws MachineAborted when the operator has given up this machine
 * @context may not hold a lock that the waker needs; RCU does not count this as quiescent (see schedule())
 */
export function park(addr: Addr<unknown> | number, expected: number, timeout_ns = FOREVER): boolean {
  const index = atomicIndex(LOAD, addr);
  const cpu = smp_processor_id();
  setParked(cpu, addr, expected, timeout_ns === FOREVER);
  // After the announcement: the operator sets the flag, then wakes whoever has announced.
  if (isAborted()) throw new MachineAborted();
  const sleeper = currentSleeper();
  const timedOut =
    sleeper === null
      ? sleep(index, expected, timeout_ns)
      : i32[index] === (expected | 0) && sleeper.park(addr, timeout_ns);
  clearParked(cpu);
  if (isAborted()) throw new MachineAborted();
  return timedOut;
}

/** @returns whether the time ran out */
function sleep(index: number, expected: number, timeout_ns: number): boolean {
  const came = Atomics.wait(i32, index, expected, timeout_ns / 1e6);
  if (came === 'ok') addWaking(-1);
  return came === 'timed-out';
}

/**
 * Wakes up to `count` sleepers of the word. It uses the address only and touches no memory: the word may
 * have been freed since whoever calls has changed it.
 *
 * @returns how many there were
 */
export function unpark(addr: Addr<unknown> | number, count: number): number {
  const sleeper = currentSleeper();
  if (sleeper !== null) return sleeper.unpark(addr, count);
  const woken = Atomics.notify(i32, (addr - PAGE_OFFSET) >>> 2, count);
  if (woken > 0) addWaking(woken);
  return woken;
}

const bed = createWords(1);
/** Does nothing for so long: user space thinks. @context user mode */
export function idle(ns: number): void {
  const sleeper = currentSleeper();
  if (sleeper !== null) sleeper.idle(ns);
  else wordWait(bed, 0, 0, ns / 1e6);
}

/** Whether nothing will happen on this machine any more unless this CPU makes it happen. */
export function isQuiet(): boolean {
  const sleeper = currentSleeper();
  return sleeper === null ? quietSaid() : sleeper.isQuiet();
}

/** Wakes the CPU whatever it sleeps on, for the operator; it finds the abort flag, or sleeps on. */
export function unparkCpu(cpu: number): void {
  const addr = parkedOn(cpu);
  if (addr !== 0) addWaking(Atomics.notify(i32, (addr - PAGE_OFFSET) >>> 2));
}

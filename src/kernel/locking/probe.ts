// SPDX-License-Identifier: GPL-2.0-only
/**
 * Where the locks tell what happens to them: the four events of include/linux/lockdep.h. lockdep and lock_stat listen.
 * One nullable probe a thread; null costs a compare.
 *
 * @linux include/linux/lockdep.h LOCK_CONTENDED() v3.17
 */
export interface LockProbe {
  /** This CPU takes the lock, and has not waited for it yet. @param sleeps - whether it is a lock that may sleep */
  acquire(lock: number, cls: number, trylock: boolean, sleeps: boolean): void;
  /** It is taken by somebody else: waiting begins. */
  contended(lock: number, cls: number): void;
  /** It is ours. @param waited - whether contended() was called before */
  acquired(lock: number, cls: number, waited: boolean): void;
  /** About to release the lock. */
  release(lock: number, cls: number): void;
}

/** A field that never changes V8 takes for a constant: a thread without a probe does not even compare. */
class Listener {
  probe: LockProbe | null = null;
}
const listener = new Listener();

export const lock_probe = (): LockProbe | null => listener.probe;
export function setLockProbe(probe: LockProbe | null): void {
  if (listener.probe !== probe) listener.probe = probe;
}

// SPDX-License-Identifier: GPL-2.0-only
/** Switches on what listens to the locks of a CPU: lockdep, lock_stat, both or nothing. */
import { smp_processor_id } from '../../arch/sab/cpu.ts';
import type { LockStatBuffers } from './lock_stat_buffers.ts';
import { LockStatProbe } from './lock_stat_probe.ts';
import { Lockdep } from './lockdep.ts';
import { type LockProbe, setLockProbe } from './probe.ts';

/** Both. lockdep comes first: it says what is wrong before the CPU waits for ever. */
class LockDebug implements LockProbe {
  private readonly lockdep: Lockdep;
  private readonly lock_stat: LockStatProbe;

  constructor(lockdep: Lockdep, lock_stat: LockStatProbe) {
    this.lockdep = lockdep;
    this.lock_stat = lock_stat;
  }
  acquire(lock: number, cls: number, trylock: boolean, sleeps: boolean): void {
    this.lockdep.acquire(lock, cls, trylock, sleeps);
  }
  contended(lock: number, cls: number): void {
    this.lock_stat.contended(lock, cls);
  }
  acquired(lock: number, cls: number, waited: boolean): void {
    this.lockdep.acquired(lock, cls);
    this.lock_stat.acquired(lock, cls, waited);
  }
  release(lock: number, cls: number): void {
    this.lockdep.release(lock, cls);
    this.lock_stat.release(lock, cls);
  }
}

/** What is to listen. */
export interface LockInstruments {
  readonly lockdep: boolean;
  /** null for no lock_stat */
  readonly lockStat: LockStatBuffers | null;
  /** the machine's start on this thread's sched_clock(), ns */
  readonly epoch: number;
}

function makeProbe({ lockdep, lockStat, epoch }: LockInstruments): LockProbe | null {
  const cpu = smp_processor_id();
  const order = lockdep ? new Lockdep(cpu) : null;
  const stat = lockStat === null ? null : new LockStatProbe(cpu, lockStat, epoch);
  return order !== null && stat !== null ? new LockDebug(order, stat) : (order ?? stat);
}

/** @param instruments - for the locks that this CPU takes from now on; null for none @context no lock held */
export function enableLockDebug(instruments: LockInstruments | null): void {
  setLockProbe(instruments === null ? null : makeProbe(instruments));
}

// SPDX-License-Identifier: GPL-2.0-only
/** A kernel that has lost one of its locks: what another CPU does in the middle of a section that should be one. */
import type { Access } from '../arch/sab/access.ts';
import { irqs_disabled, local_irq_disable, preempt_count, preempt_disable } from '../arch/sab/cpu.ts';
import { load32, setHook, store32 } from '../arch/sab/memory.ts';
import { mutex } from '../kernel/locking/mutex.ts';
import { lock_probe, setLockProbe } from '../kernel/locking/probe.ts';
import { FREE } from '../kernel/locking/spinlock.ts';
import { runOn } from './user.ts';

/** Has `f` run on CPU 1 just before an access of CPU 0 for which `when` holds, the first one. */
export function before(when: (op: Access, addr: number) => boolean, f: () => void): void {
  const access = (op: Access, addr: number): void => {
    if (!when(op, addr)) return;
    setHook(null);
    onCpu1(f);
  };
  setHook({ access, sleeper: null });
}

/** Runs something on CPU 1, while CPU 0 is wherever it is. */
function onCpu1(f: () => void): void {
  const [depth, off, probe] = [preempt_count(), irqs_disabled(), lock_probe()];
  setLockProbe(null); // which would take CPU 0's locks for CPU 1's
  runOn(1);
  f();
  runOn(0);
  setLockProbe(probe);
  for (let i = 0; i < depth; i++) preempt_disable();
  if (off) local_irq_disable();
}

/** Runs something as if nobody held a lock. @param lock - address of a spinlock_t or a mutex */
export function withoutLock(lock: number, f: () => void): void {
  const words = Array.from({ length: mutex.sizeof / 4 }, (_, i) => load32(lock + 4 * i));
  store32(lock, FREE);
  f();
  for (const [i, word] of words.entries()) store32(lock + 4 * i, word);
}

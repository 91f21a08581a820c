// SPDX-License-Identifier: GPL-2.0-only
/**
 * What is hooked into memory on the native engine: KASAN, perturbation, and a device's interrupts.
 *
 * Perturbation stalls a CPU before an access, at random: for a moment, as KCSAN does, so that windows of some
 * instructions stay open; and now and then for milliseconds, as a hypervisor does that takes the core away. It knows
 * nothing of what the access is. The moments follow the CPU's seed; what other CPUs do meanwhile does not.
 *
 * An interrupt comes in the same way, of accesses with interrupts on.
 */
import type { Access, Hook } from '../arch/sab/access.ts';
import { sched_clock } from '../arch/sab/clock.ts';
import { type IrqLine, irqs_disabled } from '../arch/sab/cpu.ts';
import type { Prng } from '../arch/sab/prng.ts';
import { createWords, wordWait } from '../arch/sab/words.ts';

export const PERTURBATIONS = ['none', 'light', 'heavy'] as const;
export type Perturbation = (typeof PERTURBATIONS)[number];

interface Stalls {
  /** accesses between two stalls, on average */
  readonly every: number;
  /** longest stall, us */
  readonly spin_us: number;
  /** one stall in so many is a starvation */
  readonly starve_one_in: number;
  /** longest starvation, us */
  readonly starve_us: number;
}
const STALLS: Record<Exclude<Perturbation, 'none'>, Stalls> = {
  light: { every: 8_000, spin_us: 50, starve_one_in: 60, starve_us: 3_000 },
  heavy: { every: 2_000, spin_us: 120, starve_one_in: 25, starve_us: 8_000 },
};

type Check = (op: Access, addr: number, bytes: number) => void;

/** @param irq - what may interrupt this CPU @returns the hook, or null if nothing is to be hooked */
export function makeHook(
  check: Check | null,
  perturbation: Perturbation,
  prng: Prng,
  irq: IrqLine | null = null,
): Hook | null {
  const stalled = stallHook(check, perturbation, prng);
  return irq === null ? stalled : irqHook(stalled, irq, prng);
}

/** Interrupts come before everything else that happens at the access. */
function irqHook(rest: Hook | null, irq: IrqLine, prng: Prng): Hook {
  const { every } = irq;
  let left = prng.below(2 * every);
  return {
    access(op, addr, bytes, atomic) {
      if (!irqs_disabled() && --left < 0) {
        left = prng.below(2 * every);
        if (irq.pending()) irq.handle();
      }
      rest?.access(op, addr, bytes, atomic);
    },
    sleeper: null,
  };
}

function stallHook(check: Check | null, perturbation: Perturbation, prng: Prng): Hook | null {
  if (perturbation === 'none') {
    return check === null ? null : { access: check, shadowed: true, sleeper: null };
  }
  const stalls = STALLS[perturbation];
  const bed = createWords(1);
  let left = prng.below(2 * stalls.every);
  const stall = (): void => {
    left = prng.below(2 * stalls.every);
    if (prng.oneIn(stalls.starve_one_in)) {
      wordWait(bed, 0, 0, prng.below(stalls.starve_us) / 1000);
      return;
    }
    const until = sched_clock() + prng.below(stalls.spin_us) * 1000;
    while (sched_clock() < until);
  };
  return {
    access(op, addr, bytes) {
      if (--left < 0) stall();
      if (check !== null) check(op, addr, bytes);
    },
    sleeper: null,
  };
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a torture body is: a piece of kernel code that several CPUs run at once, and its verdict.
 *
 *   CPU 0        setup ─┬─ run ─┬─ finish      each in the kernel, from kernel_enter() to kernel_exit()
 *   other CPUs          ├─ run ─┤
 *   daemons      ───────┴───────┴────────▶     rcu_gp_kthread, worker_thread
 */
import type { Prng } from '../arch/sab/prng.ts';

/** Numbers that a CPU found, by name. They are added up over the CPUs; `errors` is the one that must be zero. */
export type Counts = Record<string, number>;

/** What a CPU of a torture test is told. */
export interface Env {
  /** From 0. */
  readonly cpu: number;
  /** CPUs that run the body; daemons are not among them. */
  readonly threads: number;
  /** How often each does what the body is about. */
  readonly iterations: number;
  /** Which of the body's forms; the broken ones show that the body would notice. */
  readonly variant: string;
  /** A function of the seed and the CPU. */
  readonly prng: Prng;
  /** Waits in user mode until every CPU of the body has come here. @context no lock held */
  meet(): void;
  /** Ends this CPU if the machine has been given up. For loops that wait without sleeping. */
  goOn(): void;
}

export interface Body {
  /** Kernel threads that it needs, each a CPU of its own. */
  readonly daemons?: readonly Daemon[];
  setup?(env: Env): void;
  run(env: Env): Counts;
  finish?(env: Env): Counts;
}
export type Daemon = 'rcu' | 'kworker';

/** Adds counts up. */
export function addCounts(sum: Counts, more: Counts): Counts {
  for (const [name, n] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}

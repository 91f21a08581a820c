// SPDX-License-Identifier: GPL-2.0-only
/** An onlooker's grace period: over when each CPU has been seen outside of the kernel. */
import { task_dynticks, task_in_kernel } from '../../src/kernel/sched/core.ts';

export class GracePeriod {
  /** CPUs that were in the kernel, and have not been seen to leave it. */
  private readonly inside = new Map<number, number>();

  /** @param except - a CPU that need not leave */
  constructor(cpus: number, except: number) {
    for (let cpu = 0; cpu < cpus; cpu++) {
      const seen = task_dynticks(cpu);
      if (cpu !== except && task_in_kernel(cpu)) this.inside.set(cpu, seen);
    }
  }

  isOver(): boolean {
    for (const [cpu, seen] of this.inside) if (task_dynticks(cpu) !== seen) this.inside.delete(cpu);
    return this.inside.size === 0;
  }
}

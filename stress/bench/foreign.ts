// SPDX-License-Identifier: GPL-2.0-only
/**
 * How many CPUs others keep busy while something is measured: the machine's busy time less this process's own and its
 * children's.
 *
 * Linux counts in ticks of 10 ms, so that a window of 60 ms is known to a sixth of a CPU.
 */
import { readFileSync } from 'node:fs';
import { wall_clock } from '../../src/arch/sab/clock.ts';

/** A window in which others kept more than so many CPUs busy does not count if enough others are left. */
export const NOISY_CPUS = 0.4;
const TICK_MS = 10;

/** What /proc/stat has in its first line, ms; null where there is none. Waiting for a disk is not being busy. */
export function busyMs(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n', 1)[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_MS;
}

function machineBusyMs(): number | null {
  try {
    return busyMs(readFileSync('/proc/stat', 'latin1'));
  } catch {
    return null;
  }
}

const ownMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** From a moment on. @returns asks for the CPUs that others had since, given what children of ours had, ms */
export function watchOthers(): (childrenMs: number) => number | null {
  const [busy, own, start] = [machineBusyMs(), ownMs(), wall_clock()];
  return (childrenMs) => {
    const now = machineBusyMs();
    if (busy === null || now === null) return null;
    const others = now - busy - (ownMs() - own) - childrenMs;
    return Math.max(0, others / ((wall_clock() - start) / 1e6));
  };
}

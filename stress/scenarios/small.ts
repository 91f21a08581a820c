// SPDX-License-Identifier: GPL-2.0-only
/**
 * Small forms of the scenarios, for schedules: two or three threads of user space with a turn or two each, so that a
 * schedule takes milliseconds, and what is left of one when it has been cut down fits on a page.
 */
import type { Role, Workload } from '../../workers/protocol.ts';
import { type Scenario, workload } from './scenario.ts';

/** Grace periods and deferred work need one each. */
const KWORKERS = 2;

export function small(
  base: Scenario,
  description: string,
  threads: Partial<Record<Role, number>>,
  part: Partial<Workload>,
): Scenario {
  const counts = { ...threads, kworker: KWORKERS };
  return {
    ...base,
    name: `${base.name}_small`,
    description,
    onlyByName: true,
    roles: Object.fromEntries(
      Object.entries(counts).map(([role, n]) => [role, { min: n, weight: role === 'kworker' ? 1 : 0 }]),
    ),
    draw: () => workload(part),
    // What a handful of turns does not reach is no reproach.
    goals: Object.fromEntries(Object.keys(base.goals).map((name) => [name, 'wanted' as const])),
  };
}

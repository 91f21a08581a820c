// SPDX-License-Identifier: GPL-2.0-only
/** What the watchdog says of a machine that stands still: who sleeps where, who holds and waits for what. */
import { parkedOn } from '../../src/arch/sab/control.ts';
import { objectText } from '../../src/kernel/object_ref.ts';
import { snapshotCpus } from '../../src/kernel/oops.ts';
import { TASK_RUNNING, task_state } from '../../src/kernel/sched/core.ts';
import { describeAddress } from '../../src/mm/slab.ts';
import { DAEMONS, type RoundPlan } from '../../workers/protocol.ts';
import type { Observation } from './inspection.ts';

/** @param phase - which the CPUs do not end */
export function describeHang(plan: RoundPlan, phase: string): Observation {
  const lines: string[] = [];
  const stuck = new Set<string>();
  for (const { cpu, role, held, waiting, steps } of snapshotCpus(1)) {
    const word = parkedOn(cpu);
    const asleep = word !== 0;
    const last = steps.at(-1)?.text ?? 'nothing';
    if (!DAEMONS.includes(plan.roles[cpu] ?? 'kworker')) stuck.add(role);
    const where = asleep
      ? `sleeps on ${objectText(describeAddress(word))}${task_state(cpu) !== TASK_RUNNING ? ' (in schedule)' : ''}`
      : 'is not asleep';
    const holds = held.length > 0 ? `, holds ${held.join(', ')}` : '';
    const locks = holds + (waiting === null ? '' : `, waits for ${waiting}`);
    lines.push(`cpu ${cpu} (${role}) ${where}${locks}; last step: ${last}`);
  }
  return {
    kind: 'hang',
    title: `INFO: tasks blocked in phase ${phase}`,
    text: [`user space: ${[...stuck].join(', ')}`, ...lines],
    objects: [],
  };
}

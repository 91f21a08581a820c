// SPDX-License-Identifier: GPL-2.0-only
/**
 * Each access gets a random priority when its CPU comes to it; racing ones draw again after each.
 *
 * @see X. Yuan, J. Yang, R. Gu, Partial Order Aware Concurrency Sampling, CAV 2018
 */
import type { DetState } from '../state.ts';
import { highest, type Scheduler } from './scheduler.ts';

/** Accesses that race with the one that comes now draw again. */
function redrawRacing(state: DetState, cpu: number, addr: number, bytes: number, writes: boolean): void {
  for (let other = 0; other < state.round.cpus; other++) {
    const its = state.cpu(other);
    if (other === cpu || its.pending >= addr + bytes || its.pending + its.pending_bytes <= addr) continue;
    if (writes || its.pending_writes !== 0) its.priority = state.draw() >>> 1;
  }
}

export const pos: Scheduler = {
  text: 'a priority for each access, drawn anew for those that race',
  paper: 'Yuan, Yang and Gu, CAV 2018',
  begin(state, random) {
    for (let cpu = 0; cpu < state.round.cpus; cpu++) state.cpu(cpu).priority = random.next() >>> 1;
  },
  choose(state, cpu) {
    // One that goes to sleep gets the priority of its next access now.
    state.cpu(cpu).priority = state.draw() >>> 1;
    return highest(state);
  },
  accessed: redrawRacing,
};

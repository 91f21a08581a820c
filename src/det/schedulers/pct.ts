// SPDX-License-Identifier: GPL-2.0-only
/**
 * Random priorities, and d - 1 points at which the running CPU falls behind all others.
 *
 * @see S. Burckhardt et al., A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010
 */
import { CHANGES_MAX, type CpuWords, type RoundWords } from '../state.ts';
import { highest, type Scheduler } from './scheduler.ts';

/** Lowers the running CPU's priority if this is a point at which it falls behind. */
function maybeLower(round: RoundWords, running: CpuWords): void {
  for (let i = 0; i < CHANGES_MAX; i++) {
    const change = round.words[round.$changes + i] as number;
    if (change === 0 || change > round.points) return;
    if (change !== round.points) continue;
    round.lowest -= 1;
    running.priority = round.lowest;
  }
}

export const pct: Scheduler = {
  text: 'priorities that change d - 1 times',
  paper: 'Burckhardt et al., ASPLOS 2010',
  begin({ round }, random, { depth, points }) {
    const changes = Array.from({ length: Math.min(CHANGES_MAX, depth - 1) }, () =>
      random.between(1, Math.max(1, points)),
    );
    round.words.set(
      [...new Set(changes)].sort((a, b) => a - b),
      round.$changes,
    );
  },
  choose(state, cpu, able) {
    if (able) maybeLower(state.round, state.cpu(cpu));
    return highest(state);
  },
  accessed: () => {},
};

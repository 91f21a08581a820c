// SPDX-License-Identifier: GPL-2.0-only
/** The list of the points at which there was a choice, which an exhaustive search goes through. */
import type { Words } from '../arch/sab/words.ts';
import { CHOICE_WORDS, type DetState, ENTRIES_MAX } from './state.ts';
import { stateHash } from './watch.ts';

/** @param byDefault - who goes on if nothing is chosen @param able - whether the CPU itself could */
export function listChoice(state: DetState, choices: Words, cpu: number, byDefault: number, able: boolean): void {
  const { round } = state;
  let mask = 0;
  let others = 0;
  for (let other = 0; other < round.cpus; other++) {
    if (!state.canRun(other)) continue;
    mask |= 1 << other;
    others++;
  }
  if (others < 2) return;
  const n = round.choices;
  round.choices = n + 1;
  if (n >= ENTRIES_MAX) return;
  const { local, pending, word } = state.cpu(cpu);
  choices.set([cpu, local, byDefault, mask, able ? 1 : 0, able ? pending : word], n * CHOICE_WORDS);
  if (round.watching === 0) return;
  const hash = ([0, 1] as const).map((lane) => stateHash(state, 2 * cpu + (able ? 1 : 0), lane));
  choices.set([...hash, round.logged], n * CHOICE_WORDS + 6);
}

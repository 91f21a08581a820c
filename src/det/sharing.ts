// SPDX-License-Identifier: GPL-2.0-only
/** Who shares which word: learned from the accesses of the schedules so far, a byte for each word. */
import type { Bytes } from '../arch/sab/words.ts';
import { READ_SHARED, SHARED, WRITTEN } from './state.ts';

/** Notes that a CPU touches a word. */
export function learn(learned: Bytes, index: number, cpu: number, writes: boolean): void {
  const seen = learned[index] as number;
  const mine = cpu + 1;
  if (seen === SHARED) return;
  if (seen === 0) learned[index] = mine | (writes ? WRITTEN : 0);
  else if (seen === READ_SHARED) {
    if (writes) learned[index] = SHARED;
  } else if ((seen & ~WRITTEN) === mine) {
    if (writes) learned[index] = mine | WRITTEN;
  } else learned[index] = writes || (seen & WRITTEN) !== 0 ? SHARED : READ_SHARED;
}

// SPDX-License-Identifier: GPL-2.0-only
/** What stands on the disks: a function of the position, so that whoever has read some can tell whether it is right. */
import { mix32 } from '../arch/sab/prng.ts';

/** The word that stands at word number `n` of a disk. */
export const diskWord = (n: number): number => mix32(n) | 0;

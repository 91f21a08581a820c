// SPDX-License-Identifier: GPL-2.0-only
/** What happens in a machine that its operator is to know of at once. */
import { ARRIVED, DEAD } from '../arch/sab/control.ts';
import { wordLoad } from '../arch/sab/words.ts';
import type { Machine } from '../init/machine.ts';
import { oopsCount } from '../kernel/oops.ts';
import { type DetBuffers, NEEDED } from './state.ts';

export interface Signs {
  /** Whether all that the operator waits for have arrived. */
  readonly arrived: () => boolean;
  /** Whether a CPU is out of the round before its end. */
  readonly died: () => boolean;
  /** Whether a problem has been recorded. */
  readonly found: () => boolean;
}

export const signsOf = ({ control, oops }: Machine, { words }: DetBuffers): Signs => ({
  arrived: () => {
    const needed = words[NEEDED] as number;
    return needed > 0 && wordLoad(control, ARRIVED) >= needed;
  },
  died: () => wordLoad(control, DEAD) > 0,
  found: () => oopsCount(oops) > 0,
});

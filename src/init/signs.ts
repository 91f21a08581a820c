// SPDX-License-Identifier: GPL-2.0-only
/** The signs of this machine for its schedule: the operator's panel, and the records of what went wrong. */
import { ARRIVED, DEAD } from '../arch/sab/control.ts';
import { wordLoad } from '../arch/sab/words.ts';
import type { Signs } from '../det/det_cpu.ts';
import { type DetBuffers, DetState } from '../det/state.ts';
import { oopsCount } from '../kernel/oops.ts';
import type { Machine } from './machine.ts';

export function signsOf({ control, oops }: Machine, buffers: DetBuffers): Signs {
  const { round } = new DetState(buffers);
  return {
    arrived: () => round.needed > 0 && wordLoad(control, ARRIVED) >= round.needed,
    died: () => wordLoad(control, DEAD) > 0,
    found: () => oopsCount(oops) > 0,
  };
}

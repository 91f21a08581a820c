// SPDX-License-Identifier: GPL-2.0-only
/** A uniform walk: at each point, any CPU that can run is as likely as any other. */
import type { DetState } from '../state.ts';
import type { Scheduler } from './scheduler.ts';

/** Any CPU that can run. */
export function anyone(state: DetState): number {
  const { cpus } = state.round;
  let count = 0;
  for (let cpu = 0; cpu < cpus; cpu++) if (state.canRun(cpu)) count++;
  let nth = count < 2 ? 0 : Math.floor((state.draw() / 4294967296) * count);
  for (let cpu = 0; cpu < cpus; cpu++) if (state.canRun(cpu) && nth-- === 0) return cpu;
  return -1;
}

export const random: Scheduler = {
  text: 'a uniform walk',
  paper: '',
  begin: () => {},
  choose: (state) => anyone(state),
  accessed: () => {},
};

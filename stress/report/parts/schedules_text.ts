// SPDX-License-Identifier: GPL-2.0-only
/** What the deterministic engine ran of a scenario, in a line. */
import type { Schedules } from '../../result/run_result.ts';
import { count, plural } from '../../text/layout.ts';

/** As many as are worth telling apart. */
const rounded = (n: number): number => Number(n.toPrecision(3));

/** `1,204 schedules (1,198 different), 14,700 steps each; first finding at schedule 13` */
export function schedulesLine(figures: Schedules): string {
  const { schedules, different, bounded, steps, firstFinding, pctBound, search } = figures;
  const parts = [
    `${plural(schedules, 'schedule')} (${count(different)} different)` +
      `${schedules === 0 ? '' : `, ${count(rounded(steps.sum / schedules))} steps each`}`,
    ...(bounded > 0 ? [`${count(bounded)} cut off at their last step, which say nothing`] : []),
    ...(search === null ? [] : [search]),
    ...(firstFinding === null ? [] : [`first finding at schedule ${count(firstFinding)}`]),
    ...(pctBound === null ? [] : [`pct finds a bug of its depth in one of ${count(rounded(1 / pctBound))} at least`]),
  ];
  return parts.join('; ');
}

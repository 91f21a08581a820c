// SPDX-License-Identifier: GPL-2.0-only
/** What the cases of a run come to: one verdict, and why. */
import { buildName } from '../result/labels.ts';
import type { Verdict } from '../result/run_result.ts';
import { plural } from '../text/layout.ts';
import type { CaseFold } from './case_fold.ts';

const name = ({ info }: CaseFold): string => `${info.name} (${buildName(info)})`;

/** Whether it is to show nothing. */
const isClean = ({ info }: CaseFold): boolean => info.reverted.length === 0 && !info.expectsFinding;

/** Kinds that mean that somebody waits in vain. */
export const HANGS = ['hang', 'wakeup:lost', 'lockdep:deadlock'];

/** @param interrupted - the run was stopped before its time */
export function grade(cases: readonly CaseFold[], interrupted: boolean): { verdict: Verdict; reason: string } {
  const broken = cases.flatMap((c) => c.unexpected().map((finding) => ({ c, finding })));
  const worst = broken.find(({ finding }) => !HANGS.includes(finding.kind)) ?? broken[0];
  if (worst !== undefined) {
    const { c, finding } = worst;
    const more = broken.length > 1 ? `, and ${broken.length - 1} more` : '';
    return {
      verdict: HANGS.includes(finding.kind) ? 'hang' : 'forbidden',
      reason: `${finding.kind} in ${name(c)}${more}`,
    };
  }
  if (interrupted)
    return { verdict: 'interrupted', reason: 'the run was interrupted; nothing forbidden was seen so far' };
  const silent = cases.filter((c) => c.info.expectsFinding && !c.surfaced);
  const empty = cases.filter((c) => c.rounds === 0);
  const vacuous = cases.filter((c) => isClean(c) && c.rounds > 0 && c.vacuous().length > 0);
  const cut = cases.filter((c) => !c.surfaced && c.schedules !== null && c.schedules.whole === 0);
  const busy = cases.filter((c) => !c.surfaced && c.wholeRounds === 0 && c.inconclusive !== null);
  const hidden = cases.filter((c) => !c.info.native && c.info.reverted.length > 0 && !c.surfaced);
  if (empty.length > 0) {
    return { verdict: 'inconclusive', reason: `no time was left for ${empty.map(name).join('; ')}` };
  }
  if (busy.length > 0) {
    const why = busy.at(-1)?.inconclusive?.why;
    return { verdict: 'inconclusive', reason: `no round came to its end in ${busy.map(name).join('; ')}: ${why}` };
  }
  if (silent.length > 0)
    return { verdict: 'inconclusive', reason: `no race surfaced in ${silent.map(name).join('; ')}` };
  if (cut.length > 0) {
    return {
      verdict: 'inconclusive',
      reason: `no schedule came to its end in ${cut.map(name).join('; ')}; type a larger --max-steps`,
    };
  }
  if (vacuous.length > 0) {
    const goals = vacuous.map((c) => `${name(c)}: ${c.vacuous().join(', ')}`);
    return { verdict: 'inconclusive', reason: `what a scenario is about never happened: ${goals.join('; ')}` };
  }
  if (hidden.length > 0) {
    const why = 'threads that run freely seldom show it, if at all, and did not; type --engine det';
    return { verdict: 'inconclusive', reason: `${hidden.map(name).join('; ')}: ${why}` };
  }
  const surfaced = cases.filter((c) => c.info.expectsFinding).length;
  const clean = cases.filter(isClean).length;
  const givenUp = cases.reduce((sum, c) => sum + (c.inconclusive?.rounds ?? 0), 0);
  const parts = [
    ...(surfaced > 0 ? [`${surfaced} of ${surfaced} races surfaced where their fix was missing`] : []),
    ...(clean > 0 ? [`${clean} scenarios showed nothing on the patched build`] : []),
    ...(givenUp > 0 ? [`${plural(givenUp, 'round')} ended without a verdict`] : []),
  ];
  return { verdict: 'passed', reason: parts.join('; ') || 'all expectations were met' };
}

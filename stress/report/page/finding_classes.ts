// SPDX-License-Identifier: GPL-2.0-only
/** What findings mean for the verdict: nobody expected them, a fix is taken back, or v3.17 is known for them. */
import type { Tone } from '../../html/badges.ts';
import { worstFirst } from '../../result/labels.ts';
import type { Finding, ScenarioResult } from '../../result/run_result.ts';

export interface Found {
  readonly scenario: ScenarioResult;
  readonly finding: Finding;
}

export type Class = 'unexplained' | 'expected' | 'known';
export const CLASSES: readonly Class[] = ['unexplained', 'expected', 'known'];
export const HEADS: Readonly<Record<Class, { readonly head: string; readonly word: string; readonly tone: Tone }>> = {
  unexplained: { head: 'Where nothing should be found', word: 'unexpected', tone: 'bad' },
  expected: { head: 'On builds with a fix taken back', word: 'expected', tone: 'good' },
  known: { head: 'Known in v3.17', word: 'known', tone: 'odd' },
};

export function classOf({ known, expected }: Finding): Class {
  if (known !== null) return 'known';
  return expected ? 'expected' : 'unexplained';
}

/** All findings: those that nobody expected, those that were, those that v3.17 is known for; by count in each. */
export function foundWorstFirst(scenarios: readonly ScenarioResult[]): Found[] {
  const all = scenarios.flatMap((scenario) => worstFirst(scenario.findings).map((finding) => ({ scenario, finding })));
  const rank = ({ finding }: Found): number => CLASSES.indexOf(classOf(finding));
  return all.sort((a, b) => rank(a) - rank(b) || b.finding.count - a.finding.count);
}

// SPDX-License-Identifier: GPL-2.0-only
/** What the campaigns of both engines share: when to stop, and what to tell meanwhile. */
import type { ProgressState } from '../cli/progress.ts';
import type { CaseFold } from '../log/case_fold.ts';
import type { RunFold } from '../log/fold.ts';
import type { Case } from './case.ts';

/** How far a campaign is. */
export type CampaignState = Omit<ProgressState, 'totalMs' | 'seed'>;

/** What ends a campaign. */
export interface Budget {
  readonly durationMs: number;
  /** So many that no build should show. */
  readonly findings: number;
}

export interface CampaignContext {
  readonly budget: Budget;
  readonly cases: readonly Case[];
  /** Of the same cases, in the same order. */
  readonly fold: RunFold;
  readonly tell: (state: CampaignState) => void;
  readonly stop: AbortSignal;
}

/** Findings so far, without those that a reverted build is to show. */
const unexpected = ({ cases }: RunFold): number => cases.reduce((sum, c) => sum + c.unexpected().length, 0);

/** Whether a signal, or enough findings, end the campaign. */
export const isStopped = ({ budget, fold, stop }: CampaignContext): boolean =>
  stop.aborted || unexpected(fold) >= budget.findings;

/**
 * Tells how far the campaign is.
 * @param index - of the case under way
 * @param round - or batch of schedules
 * @param counts - of the deterministic engine
 */
export function report(
  { fold, tell }: CampaignContext,
  index: number,
  round: number,
  elapsedMs: number,
  counts: Pick<CampaignState, 'schedules'> = {},
): void {
  const { cases, progress } = fold;
  const { info } = cases[index] as CaseFold;
  const toSurface = cases.filter((c) => c.info.expectsFinding);
  tell({
    elapsedMs,
    scenario: info.name,
    build: info.reverted.length > 0 ? 'reverted' : (info.applied ?? []).length > 0 ? 'applied' : 'patched',
    round,
    eventsPerSecond: progress.ranMs === 0 ? 0 : (progress.events * 1000) / progress.ranMs,
    ...counts,
    surfaced: toSurface.filter((c) => c.surfaced).length,
    toSurface: toSurface.length,
    findings: unexpected(fold),
  });
}

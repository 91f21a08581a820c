// SPDX-License-Identifier: GPL-2.0-only
/** Exit codes: which of several is the worst, and that is the one that a program ends with. */
import { VERDICTS } from '../result/run_result.ts';

/** Of an interrupted run, by signal. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof SIGNAL_EXIT;
export const STOP_SIGNALS = Object.keys(SIGNAL_EXIT) as readonly StopSignal[];

/**
 * What was found counts for more than a harness that failed or a file that could not be written; that for more than
 * that the search was stopped, and that for more than how it went.
 */
const WORST_FIRST: readonly number[] = [
  VERDICTS.forbidden,
  VERDICTS.hang,
  VERDICTS.harness,
  VERDICTS.usage,
  SIGNAL_EXIT.SIGINT,
  SIGNAL_EXIT.SIGTERM,
  SIGNAL_EXIT.SIGHUP,
  VERDICTS.threshold,
  VERDICTS.inconclusive,
  VERDICTS.passed,
];

/** What a process's end means: one that ended by a signal, or with a code that is none of ours, did not work. */
export const exitOf = (code: number | null): number =>
  code !== null && WORST_FIRST.includes(code) ? code : VERDICTS.harness;

/** How bad an exit code is; 0 is the worst. */
export const rankOf = (code: number): number => WORST_FIRST.indexOf(exitOf(code));

export const isInterrupted = (code: number): boolean => STOP_SIGNALS.some((signal) => SIGNAL_EXIT[signal] === code);

/** @param codes - of the runs @param signal - what stopped them, if anything did */
export function worstExit(codes: readonly number[], signal: StopSignal | null): number {
  const all = [...codes.map(exitOf), ...(signal === null ? [] : [SIGNAL_EXIT[signal]])];
  // No run at all has shown nothing.
  return all.reduce((a, b) => (rankOf(b) < rankOf(a) ? b : a), all[0] ?? VERDICTS.inconclusive);
}

/** @param lost - whether a part of what was to be written could not be */
export const exitWith = (code: number, lost: boolean): number =>
  lost ? worstExit([code, VERDICTS.harness], null) : code;

// SPDX-License-Identifier: GPL-2.0-only
/** The options of the fuzzer. */
import { randomInt } from 'node:crypto';
import { type Given, MINUTES, row, toggle, whole } from '../../cli/option_table.ts';
import { UsageError } from '../../cli/usage_error.ts';
import type { Target } from '../judge/evaluate.ts';

export interface FuzzOptions {
  /** `both`: the port beside the kernel; `port`: what the port itself complains of. */
  readonly target: 'port' | 'both';
  readonly seed: number;
  readonly ms: number;
  /** The only case to run; null for all from the first. */
  readonly only: number | null;
  readonly watchdogMs: number;
  /** Folder for folders of differences. */
  readonly output: string;
}

const TYPE = 'type npm run conformance -- --fuzz';
const MS = 60_000;
/** Options that mean something to the fuzzer only. */
const OWN = ['minutes', 'case', 'output'] as const;

export const FUZZ = {
  fuzz: {
    ...toggle('draw traces at random, and make what differs small'),
    conflicts: ['traces', 'json', 'record', 'threads'],
  },
  minutes: { ...MINUTES, help: 'how long to fuzz, decimals allowed', usualText: '1' },
  case: whole('fuzz with this case of the seed only', 0, Number.MAX_SAFE_INTEGER, 17),
  output: { ...row('<dir>', 'folder for the differences that fuzzing finds', (text) => text), usualText: 'reports' },
};

interface Typed extends Given<typeof FUZZ> {
  readonly target: Target;
  readonly watchdog: number;
  readonly seed?: number;
}

/** @returns null if that is not asked for @throws UsageError */
export function fuzzOptions(typed: Typed): FuzzOptions | null {
  if (typed.fuzz !== true) {
    const stray = OWN.find((name) => typed[name] !== undefined);
    if (stray === undefined) return null;
    throw new UsageError('contradiction', `--${stray} is for --fuzz only; ${TYPE} --${stray} ${String(typed[stray])}`);
  }
  const { target, watchdog, output = 'reports' } = typed;
  if (target === 'kernel') {
    throw new UsageError(
      'contradiction',
      `--fuzz runs the port in any case, --target both or port is allowed; ${TYPE}`,
    );
  }
  return {
    target,
    seed: typed.seed ?? randomInt(2 ** 32),
    ms: typed.minutes ?? MS,
    only: typed.case ?? null,
    watchdogMs: watchdog * 1000,
    output,
  };
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * The values that options take: each function reads the text of one, or says what it should have been.
 */
import type { Shard } from '../result/run_result.ts';
import { either, nearest, UsageError } from './usage_error.ts';

/** Longest run: a timer counts its ms in 31 bits. */
const DURATION_MAX_MS = 24 * 24 * 3_600_000;
const SEED_MAX = 2 ** 32 - 1;

export function wholeNumber(flag: string, from: number, to: number, example: number): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (n >= from && n <= to) return n;
    const allowed = to === Number.MAX_SAFE_INTEGER ? `of at least ${from}` : `from ${from} to ${to}`;
    throw new UsageError(
      'bad-value',
      `${flag} takes a whole number ${allowed}, not '${text}'; type for example ${flag} ${example}`,
    );
  };
}

function checkedDuration(flag: string, text: string, ms: number, form: string, example: string): number {
  // an empty or negative time has no rounds, and Infinity no end
  if (ms >= 1 && ms <= DURATION_MAX_MS) return Math.round(ms);
  throw new UsageError(
    'bad-value',
    `${flag} takes ${form} of more than 0 and at most 24 days, not '${text}'; type for example ${flag} ${example}`,
  );
}

/** NaN for what is no decimal number of 0 or more. */
export const decimal = (text: string): number => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN);

/** @returns ms */
export function minutes(text: string): number {
  return checkedDuration('--minutes', text, decimal(text) * 60_000, 'a number of minutes', '10');
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @returns ms */
export function duration(text: string): number {
  const [, amount = '', unit = ''] = /^([\d.]+)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = decimal(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return checkedDuration('--duration', text, ms, 'a number with the unit ms, s, m or h', '90s');
}

/** Decimal or 0x hex, 32 bits. */
export function seed(text: string): number {
  const n = /^(\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
  if (n <= SEED_MAX) return n;
  throw new UsageError(
    'bad-value',
    `--seed takes a whole number from 0 to ${SEED_MAX}, decimal or 0x hex, not '${text}'; type for example --seed 42`,
  );
}

export function oneOf<T extends string>(flag: string, allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((word) => word === text);
    if (found !== undefined) return found;
    const [like] = nearest(text, allowed);
    throw new UsageError('bad-value', `${flag} is ${either(allowed)}, not '${text}'; type for example ${flag} ${like}`);
  };
}

const SHARDS_MAX = 4096;

/** `2/4`: part 2 of 4. */
export function shard(text: string): Shard {
  const [, index = '', of = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const parsed = { index: Number(index), of: Number(of) };
  if (index !== '' && parsed.index >= 1 && parsed.index <= parsed.of && parsed.of <= SHARDS_MAX) return parsed;
  throw new UsageError(
    'bad-value',
    `--shard takes I/N with I from 1 to N and N at most ${SHARDS_MAX}, not '${text}'; type for example --shard 1/4`,
  );
}

// SPDX-License-Identifier: GPL-2.0-only
/** Tables of options: all that is known of an option is a row, under its name. */
import { either } from './usage_error.ts';
import { minutes, oneOf, seed, shard, wholeNumber } from './values.ts';

export interface Row<T> {
  /** `<n>`; none for a switch. */
  readonly value?: string;
  readonly help: string;
  /** @param flag - `--threads` @param before - what it was given before, of an option that may be repeated */
  read(text: string, flag: string, before?: T): T;
  /** What holds if it is not given. */
  readonly usual?: T;
  /** The same in words, where they are others, or where it depends. */
  readonly usualText?: string;
  /** Whether there is nothing without it. */
  readonly required?: true;
  /** Names of options that contradict it. */
  readonly conflicts?: readonly string[];
}

export type Table = Readonly<Record<string, Row<unknown>>>;

/** What was typed. */
export type Given<R extends Table> = { readonly [K in keyof R]?: ReturnType<R[K]['read']> };

/** What holds: as typed, or else as usual. */
export type Filled<R extends Table> = Given<R> & {
  readonly [K in keyof R as R[K] extends { readonly usual: unknown } | { readonly required: true }
    ? K
    : never]: ReturnType<R[K]['read']>;
};

export function filled<R extends Table>(table: R, given: Given<R>): Filled<R> {
  const usual = Object.entries(table).filter(([, row]) => row.usual !== undefined);
  return { ...Object.fromEntries(usual.map(([name, row]) => [name, row.usual])), ...given } as Filled<R>;
}

/** `--arena-mib` of arenaMib. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** As it is typed: `--threads <n>`. */
export const typedAs = (name: string, { value }: Row<unknown>): string =>
  [flagOf(name), ...(value === undefined ? [] : [value])].join(' ');

export const usualText = ({ usual, usualText: text }: Row<unknown>): string | undefined =>
  text ?? (usual === undefined ? undefined : String(usual));

/** Values that a function reads. */
export const row = <T>(
  value: string,
  help: string,
  read: (text: string, flag: string, before?: T) => T,
): Row<NoInfer<T>> => ({ value, help, read });

export const toggle = (help: string): Row<true> => ({ help, read: () => true });

/** A whole number. @param example - of one, in what is said of others */
export const whole = (help: string, from: number, to: number, example: number): Row<number> =>
  row('<n>', help, (text, flag) => wholeNumber(flag, from, to, example)(text));

/** One of some words. */
export const choice = <const T extends string>(value: string, help: string, words: readonly T[]): Row<T> =>
  row<T>(value, `${help}: ${either(words)}`, (text, flag) => oneOf(flag, words)(text));

// Rows that several programs have.
export const SEED = { ...row('<n>', 'workload seed, 32 bits, decimal or 0x hex', seed), usualText: 'random' };
export const MINUTES = row('<m>', 'how long to run, decimals allowed', minutes);
export const SHARD = { ...row('<i/n>', 'only part i of n of the seeds', shard), usualText: 'all' };
export const OUTPUT = { ...row('<dir>', 'folder for the reports', (text) => text), usual: 'reports' };
export const VERSION = toggle('print the version');
export const JSON_RESULT = toggle('print the result as JSON on stdout');

// SPDX-License-Identifier: GPL-2.0-only
/** What the arguments and answers of a trace may be: types for the compiler, tests and words for who writes traces. */
import type { aio_ring } from '../../../src/uapi/aio_abi.ts';

/** A whole number of up to 64 bits: as a string, such as '0x7fffffffffffffff', where a double cannot hold it. */
export type Long = number | string;

/** Where memory lies: off by one, in a page that cannot be written, or with only its first bytes mapped. */
export type Place = 'unaligned' | 'readonly' | { readonly mapped: number };

/** An event: name of the iocb or null, data, res, res2. Numbers beyond 2^53 are hexadecimal strings. */
export type TraceEvent = readonly [iocb: string | null, data: Long, res: Long, res2: Long];

/** What a step answered, by field. */
export type Answer = Readonly<Record<string, unknown>>;

/** What a trace gives names to. */
export type Sort = 'context' | 'iocb' | 'buffer' | 'file' | 'descriptor' | 'eventfd' | 'pipe end';

export interface Kind<T> {
  /** What is allowed, a phrase: `a whole number from 0 to 64`. */
  readonly says: string;
  readonly is: (value: unknown) => boolean;
  /** The names that are allowed, if they are few: the nearest is suggested. */
  readonly names?: readonly string[];
  /** Of an object, or of the elements of a list: its parts, each of which is checked. */
  readonly fields?: Fields;
  /** The name is given to something of that sort here. */
  readonly makes?: Sort;
  /** The names in it must have been given by an earlier step. */
  readonly refers?: (value: T) => readonly (readonly [Sort, string])[];
  readonly optional?: true;
}
export type Fields = Readonly<Record<string, Kind<never>>>;

type TypeOf<K> = K extends Kind<infer T> ? T : never;
type Optional<F> = { [N in keyof F]: F[N] extends { readonly optional: true } ? N : never }[keyof F];
/** The values that fields stand for. */
export type ValuesOf<F> = { readonly [N in Exclude<keyof F, Optional<F>>]: TypeOf<F[N]> } & {
  readonly [N in Optional<F>]?: TypeOf<F[N]>;
};

export const optional = <T>(kind: Kind<T>): Kind<T> & { readonly optional: true } => ({ ...kind, optional: true });

/** Nobody types hundreds of digits of a number. */
const inWords = (n: number): string =>
  Math.abs(n) === Number.MAX_SAFE_INTEGER ? `${n < 0 ? '-' : ''}2^53` : String(n);
export const whole = (min: number, max: number): Kind<number> => ({
  says: `a whole number from ${inWords(min)} to ${inWords(max)}`,
  is: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
});
export const count = whole(0, 2 ** 31 - 1);
/** A word that may be written signed or unsigned. */
export const word = whole(-(2 ** 31), 2 ** 32 - 1);
export const safe = whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
export const flag: Kind<boolean> = { says: 'true or false', is: (value) => typeof value === 'boolean' };
export const text: Kind<string> = { says: 'a text', is: (value) => typeof value === 'string' };

const isLong = (value: string): boolean => {
  if (!/^-?(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value)) return false;
  const n = value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value);
  return n >= -(2n ** 63n) && n < 2n ** 64n;
};
export const long: Kind<Long> = {
  says: 'a whole number of up to 64 bits, as a string such as "0x7fffffffffffffff" where it is beyond 2^53',
  is: (value) => (typeof value === 'string' ? isLong(value) : Number.isSafeInteger(value)),
};

export const oneOf = <const T extends string>(...names: readonly T[]): Kind<T> => ({
  says: names
    .map((name) => JSON.stringify(name))
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1'),
  is: (value) => names.some((name) => name === value),
  names,
});

export const list = <T>(of: Kind<T>): Kind<readonly T[]> => ({
  says: `a list, each element ${of.says}`,
  is: (value) => Array.isArray(value) && value.every(of.is),
  ...(of.names && { names: of.names }),
});

/** An object with these parts. */
export const parts = <const F extends Fields>(fields: F): Kind<ValuesOf<F>> => ({
  says: `an object with ${Object.keys(fields).join(', ')}`,
  is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  fields,
});

/** One of two; where the second has parts, an object is taken for it. */
export const either = <A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> => ({
  says: `${a.says}, or ${b.says}`,
  is: (value) => a.is(value) || b.is(value),
  ...(a.names && { names: a.names }),
  ...(b.fields && { fields: b.fields }),
});

/** Special addresses that a trace can name. */
export const SPECIAL_POINTERS = ['NULL', 'BAD', 'MINUS1', 'RO', 'GUARD'] as const;
export type SpecialPointer = (typeof SPECIAL_POINTERS)[number];
/** Contexts that are none. */
export const SPECIAL_CONTEXTS = ['BAD', 'ZERO', 'JUNK'] as const;
export const pointer = oneOf(...SPECIAL_POINTERS);
const isSpecial = (name: string): boolean => pointer.is(name);

export const place: Kind<Place> = either(oneOf('unaligned', 'readonly'), parts({ mapped: whole(0, 1 << 16) }));

const NAME = /^[\w.-]{1,31}$/;
export const name: Kind<string> = {
  says: 'a name of 1 to 31 letters, digits, dots and dashes',
  is: (value) => typeof value === 'string' && NAME.test(value),
};
export const makes = (sort: Sort): Kind<string> => ({ ...name, makes: sort });

/** A name that an earlier step has given. */
export const the = (sort: Sort): Kind<string> => ({
  ...name,
  says: `the name of a ${sort}`,
  refers: (value) => [[sort, value]],
});
export const context: Kind<string> = {
  says: `the name of a context, with an offset such as c+8, or ${SPECIAL_CONTEXTS.join(', ')}`,
  is: (value) => typeof value === 'string' && /^[\w.-]{1,31}(\+\d{1,9})?$/.test(value),
  refers: (value) =>
    SPECIAL_CONTEXTS.some((special) => special === value) ? [] : [['context', value.replace(/\+.*/, '')]],
};
const orSpecial = (sort: Sort): Kind<string> => ({
  ...name,
  says: `the name of ${sort === 'iocb' ? 'an' : 'a'} ${sort}, or ${SPECIAL_POINTERS.join(', ')}`,
  refers: (value) => (isSpecial(value) ? [] : [[sort, value]]),
});
export const iocbOrSpecial = orSpecial('iocb');
export const memory = orSpecial('buffer');

/** Descriptors from here on are not open, here or there. */
const FD_WILD = 1024;
export const descriptor: Kind<string | number> = {
  says: `the name of a descriptor, or a number that is none: below 0, or ${FD_WILD} and more`,
  is: (value) =>
    name.is(value) || (word.is(value) && Number(value) < 2 ** 31 && (Number(value) < 0 || Number(value) >= FD_WILD)),
  refers: (value) => (typeof value === 'string' ? [['descriptor', value]] : []),
};

/** Names in a row: `i0`, `i1`, … */
export interface NameRun {
  readonly prefix: string;
  readonly count: number;
  readonly from: number;
}
/** Iocbs by name; a run of numbered names; or where the array is to be. */
export type Iocbs = readonly string[] | NameRun | SpecialPointer;
export const namesIn = (iocbs: Iocbs): readonly string[] => {
  if (typeof iocbs === 'string') return [];
  if (!('prefix' in iocbs)) return iocbs;
  return Array.from({ length: iocbs.count }, (_, i) => `${iocbs.prefix}${iocbs.from + i}`);
};
export const RUN_MAX = 1 << 16;
export const iocbs: Kind<Iocbs> = {
  ...either(
    either(list(iocbOrSpecial), pointer),
    parts({ prefix: name, count: whole(0, RUN_MAX), from: whole(0, RUN_MAX) }),
  ),
  refers: (value) => namesIn(value).flatMap((each) => iocbOrSpecial.refers?.(each) ?? []),
};

/** A part of a vector. */
export type Segment = readonly [buf: string, offset: number, bytes: Long];
export const segments: Kind<readonly Segment[]> = {
  says: 'a list, each element a buffer or special pointer, an offset and a length, such as ["b",0,512]',
  is: (value) => Array.isArray(value) && value.every(isSegment),
  refers: (value) => value.flatMap(([buf]) => memory.refers?.(buf) ?? []),
};
const isSegment = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && memory.is(value[0]) && safe.is(value[1]) && long.is(value[2]);

export type Timeout = readonly [sec: number, nsec: number] | null | 'BAD' | 'GUARD';
export const timeout: Kind<Timeout> = {
  says: '[seconds, nanoseconds], null for none, "BAD" or "GUARD"',
  is: (value) =>
    value === null ||
    value === 'BAD' ||
    value === 'GUARD' ||
    (list(safe).is(value) && (value as unknown[]).length === 2),
};

export type RingField = keyof typeof aio_ring.offsetof;
/** Not taken from the struct itself: help and wrong options need no RAM. */
export const RING_FIELDS = [
  'id',
  'nr',
  'head',
  'tail',
  'magic',
  'compat_features',
  'incompat_features',
  'header_length',
] as const satisfies readonly RingField[];

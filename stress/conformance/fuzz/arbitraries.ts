// SPDX-License-Identifier: GPL-2.0-only
/** What all draws are made of. */
import fc from 'fast-check';
import type { TraceOp } from '../trace/trace.ts';
import type { Model } from './model.ts';

/** The steps that a draw stands for, where it stands. */
export type Draw = (model: Model) => readonly TraceOp[];

/** Which of some things, whose number is not known yet. */
export const nat: fc.Arbitrary<number> = fc.nat({ max: 9999 });

export const oneOf = <const T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Mostly nothing of the sort, one time in so many one of these. */
export const rarely = <T>(value: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Mostly the one, one time in ten the other. */
export const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });

type Loose<T> = T extends unknown ? { readonly [Field in keyof T]: T[Field] | undefined } : never;

/** An op without the fields that were not drawn. */
export const given = (fields: Loose<TraceOp>): TraceOp =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as TraceOp;

// SPDX-License-Identifier: GPL-2.0-only
/** What makes two findings the same one: everything about them but addresses and numbers. */
import type { OopsRecord } from '../../../src/kernel/oops.ts';

export interface Signature {
  readonly kind: string;
  readonly title: string;
  /** Function in which it showed. */
  readonly where: string;
  /** Types of the objects concerned, each once, sorted: `kioctx`, `iocb`. */
  readonly objects: readonly string[];
}

export const signatureOf = ({ kind, title, where, objects }: OopsRecord): Signature => ({
  kind,
  title,
  where,
  objects: [...new Set(objects.map(({ type }) => type))].sort(),
});

export const sameSignature = (a: Signature, b: Signature): boolean =>
  a.kind === b.kind &&
  a.title === b.title &&
  a.where === b.where &&
  a.objects.length === b.objects.length &&
  a.objects.every((object, i) => object === b.objects[i]);

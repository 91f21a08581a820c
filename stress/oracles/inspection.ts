// SPDX-License-Identifier: GPL-2.0-only
/**
 * What an oracle may look at, and what it says. Oracles know the API's promises and the kernel's data structures; they
 * do not know which commits are in.
 */
import type { ObjectRef } from '../../src/kernel/object_ref.ts';
import type { FindingKind } from '../../src/kernel/oops.ts';
import type { Ledger } from '../../workers/ledger.ts';
import type { RoundPlan } from '../../workers/protocol.ts';

/** A round at a moment at which nothing moves. */
export interface Inspection {
  readonly plan: RoundPlan;
  readonly ledger: Ledger;
  /** Whether the books of events hold in this scenario. */
  readonly books: boolean;
}

/** A broken promise. */
export interface Observation {
  readonly kind: FindingKind;
  readonly title: string;
  readonly text: readonly string[];
  readonly objects: readonly ObjectRef[];
}

export const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

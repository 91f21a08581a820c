// SPDX-License-Identifier: GPL-2.0-only
import type { Step } from './recording.ts';
import type { RingPage } from './subject.ts';

/** A step that is told. */
export interface Told {
  readonly step: Step;
  /** How much it tells, against the others. */
  readonly weight: number;
  /** Where it goes wrong. */
  readonly truth: boolean;
  /** For a copy of a page: which. */
  readonly copiedFrom: RingPage | undefined;
  /** Notes of one sort in a row are one: how many, and the last. */
  readonly times: number;
  readonly until: Step;
  /** What is to be said of it besides. */
  readonly note: string;
  /** Whether it puts an object of the finding away; to be told if its stack says so, too. */
  readonly frees: boolean;
  /** For a lock's word: the step at which it is given back, or was taken; undefined if there is none. */
  readonly other: number | undefined;
}

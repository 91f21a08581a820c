// SPDX-License-Identifier: GPL-2.0-only
/** What the process that runs traces on the host's kernel and the one that watches it say to each other. */
import type { Answer } from '../trace/kinds.ts';
import type { Trace } from '../trace/trace.ts';

/** Where the child writes each answer as a line of JSON as soon as it has it. */
export const JOURNAL = 'journal';

export interface ToChild {
  readonly trace: Trace;
  /** whether it is about what the whole host shares: nobody else may make contexts meanwhile */
  readonly alone: boolean;
}

export type ToParent =
  | { readonly kind: 'ready'; readonly release: string; readonly possibleCpus: number }
  /** Something threw: a host that is out of something, or a fault of ours. It is no answer of the kernel. */
  | { readonly kind: 'failed'; readonly host: boolean; readonly text: string }
  /** The trace begins; before, the child may have waited for its turn. */
  | { readonly kind: 'begun' }
  /** The kernel cannot be used. */
  | { readonly kind: 'none'; readonly reason: string }
  | {
      readonly kind: 'ran';
      readonly answers: readonly Answer[];
      /** what is wrong with the trace, or null */
      readonly error: string | null;
      /** false if the process cannot run another trace */
      readonly clean: boolean;
    };

// SPDX-License-Identifier: GPL-2.0-only
/** What the deterministic engine has to say of a finding. */

/** How a finding comes about, step by step. */
export interface Explanation {
  /** What `--replay` takes. */
  readonly schedule: string;
  /** Of the schedule that is told. */
  readonly steps: number;
  readonly preemptions: number;
  /** `sc`, `tso` or `weak` */
  readonly memory: string;
  readonly diagram: Diagram;
}

/** An interleaving as in a commit message: a column for each CPU, time going down. */
export interface Diagram {
  readonly columns: readonly { readonly cpu: number; readonly role: string }[];
  readonly rows: readonly DiagramRow[];
  /** Rows that would have told less than those that are there. */
  readonly leftOut: number;
}

export interface DiagramRow {
  /** -1 for what an oracle saw from outside. */
  readonly cpu: number;
  /** In kernel words: `ring->head = 5   (written to the old page)`. */
  readonly text: string;
  /** `aio_read_events_ring (src/fs/aio/read_events.ts:61)`; empty for what is no access of the kernel */
  readonly site: string;
  /** `fs/aio.c aio_read_events_ring()`, empty if there is none */
  readonly linux: string;
  /** Why the CPU of the row before does not go on: `preempted`, `sleeps on ring_lock`; empty if it does. */
  readonly switched: string;
  /** Where it goes wrong. */
  readonly truth: boolean;
}

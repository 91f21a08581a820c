// SPDX-License-Identifier: GPL-2.0-only
/** What a scenario is: who runs, on what, and what its results mean. */
import type { Prng } from '../../src/arch/sab/prng.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import type { Syscall } from '../../workers/meters.ts';
import type { Role, Workload } from '../../workers/protocol.ts';
import type { Expect } from '../result/run_result.ts';

/** Threads of a role: at least `min`, and of those to spare a share by `weight`; 0 takes none. */
export interface RoleShare {
  readonly min: number;
  readonly weight: number;
}

export interface DeclaredOutcome {
  readonly expect: Expect;
  readonly description: string;
}

export interface Scenario {
  /** The phenomenon, in snake_case. */
  readonly name: string;
  /** What happens, a sentence. */
  readonly description: string;
  /** Commits that fix what it shows; empty if it is about the fixed code only. */
  readonly fixedBy: readonly Slug[];
  /** Whether the machine's own threads show it in seconds; false where x86 hides it, or where it is rare. */
  readonly native: boolean;
  /** Where it is about a preemptible RCU: it runs on such a machine unless `--rcu` says otherwise. */
  readonly rcu?: 'preempt';
  /** Whether it runs only where it is asked for by name: a soak's time is for races. */
  readonly onlyByName?: true;
  readonly roles: Partial<Record<Role, RoleShare>>;
  /** Kinds of findings by which the bug shows on the reverted build; `kasan:*` means the family. */
  readonly shows: readonly string[];
  /** Whether the books of events hold: not where user space lies to itself. */
  readonly books: boolean;
  /** Draws a round's workload. */
  readonly draw: (prng: Prng) => Workload;
  /** By name of an operation or kind of a finding. What is not declared and is a finding is forbidden. */
  readonly outcomes: Readonly<Record<string, DeclaredOutcome>>;
  /** System call whose time tells the builds apart: it is measured on each. */
  readonly contrast?: Syscall;
  /** Operations that the scenario is about; at least one of each required one must have happened. */
  readonly goals: Readonly<Record<string, 'required' | 'wanted'>>;
}

/** As the command line knows it. */
export interface KnownScenario {
  readonly name: string;
  readonly minThreads: number;
  /** Chosen by its whole name only. */
  readonly onlyByName: boolean;
  readonly fixedBy: readonly Slug[];
}

export const acceptable = (description: string): DeclaredOutcome => ({ expect: 'ACCEPTABLE', description });
export const interesting = (description: string): DeclaredOutcome => ({ expect: 'INTERESTING', description });
export const forbidden = (description: string): DeclaredOutcome => ({ expect: 'FORBIDDEN', description });

/** A workload in which a scenario names only what matters to it. */
export const workload = (part: Partial<Workload>): Workload => ({
  programs: {},
  contexts: 0,
  nrEventsMin: 32,
  nrEventsMax: 32,
  userReapedPercent: 0,
  batch: 8,
  bufferBytes: 64,
  inlinePercent: 0,
  pendingPercent: 0,
  pendingEnds: false,
  delayMinUs: 0,
  delayMaxUs: 0,
  interruptEvery: 0,
  turns: 0,
  pauseUs: {},
  allocFailsOneIn: 0,
  aioMaxNr: 0,
  ...part,
});

/** Least threads that a scenario runs on. */
export const minThreads = (scenario: Scenario): number =>
  Object.values(scenario.roles).reduce((sum, share) => sum + share.min, 0);

/** Whether a kind is one of those by which the scenario's bug shows. */
export const isShown = ({ shows }: Pick<Scenario, 'shows'>, kind: string): boolean =>
  shows.some((shown) => (shown.endsWith('*') ? kind.startsWith(shown.slice(0, -1)) : kind === shown));

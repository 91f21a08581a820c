// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a run says: one graded result, which every printer reads and none changes.
 *
 * Times are ns unless a name says otherwise; counts are plain numbers. Everything can be written as JSON.
 */
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import type { CpuSnapshot } from '../../src/kernel/oops.ts';

export const SCHEMA_VERSION = 1;

/** How an outcome is graded, as jcstress grades it. */
export type Expect = 'ACCEPTABLE' | 'INTERESTING' | 'FORBIDDEN' | 'UNKNOWN';

export const VERDICTS = {
  passed: 0,
  usage: 1,
  forbidden: 2,
  hang: 3,
  inconclusive: 4,
  threshold: 5,
  harness: 6,
  interrupted: 130,
} as const;
export type Verdict = keyof typeof VERDICTS;

export interface Outcome {
  /** Such as `event:duplicate` or `delivered`. */
  readonly result: string;
  readonly samples: number;
  readonly expect: Expect;
  readonly description: string;
}

/** Findings with the same signature, in one scenario on one build. */
export interface Finding {
  readonly kind: string;
  /** The same for each occurrence: no addresses, no numbers. */
  readonly title: string;
  /** Function of the kernel in which it showed, or the oracle that found it. */
  readonly where: string;
  readonly count: number;
  /** since the start of the run */
  readonly firstAtMs: number;
  /** Rounds of the scenario on this build in which it showed. */
  readonly rounds: number;
  /** Kernel objects of the first occurrence. */
  readonly objects: readonly string[];
  readonly cpu: number;
  readonly role: string;
  /** What is known of the first occurrence, a line each. */
  readonly text: readonly string[];
  /** Frames of the first occurrence, innermost first. */
  readonly stack: readonly string[];
  /** Every CPU at the first occurrence. */
  readonly cpus: readonly CpuSnapshot[];
  /** A bug that v3.17 is known to have: `deeb8525f9bc (v4.1): …`; null for any other. */
  readonly known: string | null;
  /** Whether the build is one that is to show this: its fix is reverted. */
  readonly expected: boolean;
}

/** Latency of a system call, ns. */
export interface Latency {
  readonly samples: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ScenarioResult {
  readonly name: string;
  /** What it is about, a sentence. */
  readonly description: string;
  /** Slugs; empty for the patched build. */
  readonly build: { readonly reverted: readonly string[] };
  /** Whether a finding is expected on this build: the reverted builds exist to show one. */
  readonly expectsFinding: boolean;
  readonly rounds: number;
  /** time spent in rounds */
  readonly elapsedMs: number;
  /** By name: submitted, completed, reaped, … */
  readonly operations: Readonly<Record<string, number>>;
  readonly outcomes: readonly Outcome[];
  readonly findings: readonly Finding[];
  /** How often what the scenario is about has happened; a required one at 0 makes the run inconclusive. */
  readonly goals: Readonly<Record<string, { readonly count: number; readonly required: boolean }>>;
  /**
   * When the first expected finding came, since the start of this scenario's first round on this build; null if none
   * did.
   */
  readonly firstFindingMs: number | null;
}

export interface Environment {
  readonly tool: string;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpuModel: string;
  readonly cores: number;
  /** What the machine's own ordering can show. */
  readonly memoryModel: string;
  /** Commit of the sources, `unknown` outside a checkout. */
  readonly commit: string;
}

export interface Parameters {
  readonly threads: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly scenarios: readonly string[];
  readonly build: string;
  readonly revert: readonly string[];
  readonly roles: Readonly<Record<string, number>> | null;
  readonly perturb: string;
  readonly sanitize: string;
  readonly arenaMib: number;
  /** Arguments that run this again, as they are typed behind `npm run stress --`. */
  readonly again: string;
}

export interface RunResult {
  readonly schemaVersion: number;
  readonly verdict: Verdict;
  readonly exitCode: number;
  /** Why, a sentence. */
  readonly reason: string;
  readonly interrupted: boolean;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly parameters: Parameters;
  readonly environment: Environment;
  readonly scenarios: readonly ScenarioResult[];
  /** Lock classes, summed over the run's patched rounds and its reverted ones. */
  readonly locks: readonly LockStat[];
  /** By system call. */
  readonly latency: Readonly<Record<string, Latency>>;
  /** Events reaped in a second of round time, over all rounds. */
  readonly throughput: { readonly eventsPerSecond: number; readonly events: number };
  /** What a green run is worth. */
  readonly confidence: {
    /** Rounds on builds that should show nothing. */
    readonly cleanRounds: number;
    /**
     * Rule of three: with 95 % confidence less than this share of rounds shows a finding, 3 / rounds; 0 for no rounds.
     */
    readonly ruleOfThree: number;
  };
}

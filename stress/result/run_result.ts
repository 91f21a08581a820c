// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a run says: one graded result, which every printer reads and none changes.
 *
 * Times are ns unless a name says otherwise; counts are plain numbers. Everything can be written as JSON. All of it is
 * made from the run's event log (stress/log/), live or afterwards.
 */
import type { Rcu } from '../../src/arch/sab/cpu.ts';
import type { Bins } from '../../src/arch/sab/histogram.ts';
import type { ObjectRef } from '../../src/kernel/object_ref.ts';
import type { CpuSnapshot } from '../../src/kernel/oops.ts';
import type { Build } from '../../src/reverts/registry.ts';
import type { Explanation } from './explanation.ts';

export const SCHEMA_VERSION = 3;

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
  /** Of the first occurrence. */
  readonly objects: readonly ObjectRef[];
  /** Of the access that was wrong, in the first occurrence; null where it was none. */
  readonly address: number | null;
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
  /** Whether the build is one that is to show this: it lacks the fix. */
  readonly expected: boolean;
  /** What the deterministic engine makes of it; null if it was not asked. */
  readonly explained: Explained | null;
  /** What `--replay` takes to show it again; absent where the threads ran as they liked. */
  readonly schedule?: string;
}

/** Least, most and sum of what each schedule had. */
export interface Spread {
  readonly min: number;
  readonly max: number;
  readonly sum: number;
}

/** What the deterministic engine ran. */
export interface Schedules {
  readonly schedules: number;
  /** Those that differ in their steps. */
  readonly different: number;
  /** Those that had used up their steps: they say nothing. */
  readonly bounded: number;
  /** Those that came to their end, whatever was found. */
  readonly whole: number;
  readonly steps: Spread;
  /** Steps at which another CPU might have had its turn. */
  readonly points: Spread;
  readonly switches: Spread;
  /** Number of the first one that showed something which v3.17 is not known to have, from 1; null if none did. */
  readonly firstFinding: number | null;
  /** What pct promises: the chance, at least, that a schedule finds a bug of the depth; null if it had no turn. */
  readonly pctBound: number | null;
  /** How far an exhaustive search got; null if there was none. */
  readonly search: string | null;
}

/** What came of the search for a schedule that shows a finding. */
export interface Explained {
  /** `found by schedule 13, cut down from 37 preemptions to 2`, or why there is none. */
  readonly outcome: string;
  /** null if none was found */
  readonly explanation: Explanation | null;
}

/** Times as they were distributed. */
export interface Distribution {
  readonly samples: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** `[bin, count, …]`; the bins are those of src/arch/sab/histogram.ts, 1.6 % wide. */
  readonly histogram: Bins;
}

/** A place in the kernel's source, and how often it waited, or was waited for. */
export interface ContentionPoint {
  /** Estimated from samples where there are many. */
  readonly count: number;
  /** `aio_complete (src/fs/aio/completion.ts:45)` */
  readonly site: string;
}

/** One lock class. */
export interface Lock {
  readonly class: string;
  /** Contentions for a lock whose last owner was another CPU. */
  readonly conBounces: number;
  readonly contentions: number;
  /** Acquisitions of a lock whose last owner was another CPU. */
  readonly acqBounces: number;
  readonly acquisitions: number;
  /** From the first failed attempt to the acquisition; one sample for each contention. */
  readonly wait: Distribution;
  readonly waitTotal: number;
  /** Of sampled acquisitions. */
  readonly hold: Distribution;
  /** Scaled up from the samples to all acquisitions. */
  readonly holdTotal: number;
  /** Who waited, most often first. */
  readonly waiters: readonly ContentionPoint[];
  /** Who held it while somebody waited, most often first. */
  readonly holders: readonly ContentionPoint[];
}

/** How long a race takes to show where its fix is taken back; rounds without it count as time without it. */
export interface Detection {
  /** Rounds of this scenario on this build. */
  readonly rounds: number;
  /** Rounds in which it showed. */
  readonly detected: number;
  /** Time that user space ran until it showed, or to the end of the round. */
  readonly exposureMs: number;
  /** Quantiles of the time to detection, were its rate constant: -ln(1 - q) x exposure / detected; null if never. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export interface ScenarioResult {
  readonly name: string;
  /** What it is about, a sentence. */
  readonly description: string;
  /** Slugs; empty for the patched build. */
  readonly build: Build<string>;
  /** Whether a finding is expected on this build: a build that lacks a fix exists to show one. */
  readonly expectsFinding: boolean;
  readonly rounds: number;
  /** time spent in rounds */
  readonly elapsedMs: number;
  /** time that user space ran in them */
  readonly ranMs: number;
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
  /** null on a build that is to show nothing */
  readonly detection: Detection | null;
  /** Absent where the threads ran as they liked. */
  readonly schedules?: Schedules;
  /** How long a system call took on this build, where that is what the fix is about. */
  readonly contrast?: {
    readonly call: string;
    readonly latency: Distribution;
    /** Median of each round, ns. */
    readonly medians: readonly number[];
  };
  /** Rounds that were given up without a verdict, and why the last of them was; absent if there were none. */
  readonly inconclusive?: { readonly rounds: number; readonly why: string };
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

/** Part `index` of `of` of the seed space; the first is 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** A scenario that was not asked for by its name, and the threads that it needs. */
export interface LeftOut {
  readonly scenario: string;
  readonly threads: number;
}

export interface Parameters {
  readonly threads: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly scenarios: readonly string[];
  /** Scenarios that were not run because they need so many threads; absent if there are none. */
  readonly leftOut?: readonly LeftOut[];
  readonly build: string;
  readonly revert: readonly string[];
  /** Fixes of later kernels that were applied; absent for none. */
  readonly apply?: readonly string[];
  /** What `--rcu` says; absent where it does not. */
  readonly rcu?: Rcu;
  readonly roles: Readonly<Record<string, number>> | null;
  readonly perturb: string;
  readonly sanitize: string;
  readonly arenaMib: number;
  /** null for the whole */
  readonly shard: Shard | null;
  /** Threshold expressions, as typed. */
  readonly thresholds: readonly string[];
  /** Arguments that run this again, as they are typed behind `npm run stress --`. */
  readonly again: string;
  /** How the deterministic engine was set; absent where the threads ran as they liked. */
  readonly engine?: string;
}

/** What a CPU is at: user mode, the kernel, waiting for a lock, asleep in the kernel, idle between rounds or dead. */
export const ACTIVITIES = ['user', 'kernel', 'lock', 'sleep', 'idle'] as const;
export type Activity = (typeof ACTIVITIES)[number];
/** One letter for each, in the same order. */
export const ACTIVITY_LETTERS = 'uklsi';

/** A stretch of the run, up to some seconds long. */
export interface TimelinePoint {
  /** its middle, since the start of the run */
  readonly ms: number;
  /** Its case: index of an entry of `scenarios`. */
  readonly scenario: number;
  readonly eventsPerSecond: number;
  /** Slots of live contexts that hold an event nobody has read, 0 to 1; null where no context lived. */
  readonly occupancy: number | null;
  /** Slots of live contexts that are free, with a CPU or with all, 0 to 1; null where no context lived. */
  readonly freeSlots: number | null;
  /** Live contexts. */
  readonly contexts: number;
  readonly gracePeriodsPerSecond: number;
  /** What each CPU was at most of the time: a letter of ACTIVITY_LETTERS for each CPU. */
  readonly activity: string;
}

/** A threshold and what it came to. */
export interface ThresholdResult {
  /** As typed. */
  readonly expression: string;
  /** What was measured, in the unit of the expression; null if nothing was. */
  readonly value: number | null;
  /** `12.3 us` */
  readonly text: string;
  readonly met: boolean;
}

/** A run that was merged into this one. */
export interface MergedRun {
  /** Name of its folder. */
  readonly folder: string;
  readonly seed: number;
  readonly shard: Shard | null;
  readonly verdict: Verdict;
  readonly environment: Environment;
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
  /** Empty for a run that was not merged. */
  readonly merged: readonly MergedRun[];
  readonly scenarios: readonly ScenarioResult[];
  /** Of whose rounds `locks`, `latency`, `throughput` and `roles` are: the patched build's, if it had any. */
  readonly measured: 'patched' | 'reverted';
  /** Lock classes that were used, most contended first. */
  readonly locks: readonly Lock[];
  /** By system call. */
  readonly latency: Readonly<Record<string, Distribution>>;
  /** Events reaped in a second of round time, over all rounds. */
  readonly throughput: { readonly eventsPerSecond: number; readonly events: number };
  /** By role: the share of its threads' time, 0 to 1, by activity. */
  readonly roles: Readonly<Record<string, Readonly<Record<Activity, number>>>>;
  /** Of the whole run, in order; longer stretches in longer runs. */
  readonly timeline: readonly TimelinePoint[];
  readonly thresholds: readonly ThresholdResult[];
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

/** One round's figures, for comparing runs: rounds are the samples. */
export interface RoundSample {
  readonly number: number;
  /** Index of an entry of `scenarios`. */
  readonly scenario: number;
  /** since the start of the run */
  readonly startedMs: number;
  readonly ranMs: number;
  /** Whether it came to its end: not cut off by an interruption, a kill, a hang or an oops. */
  readonly whole: boolean;
  readonly operations: Readonly<Record<string, number>>;
  /** By system call. */
  readonly latency: Readonly<Record<string, Bins>>;
  readonly locks: readonly RoundLock[];
}

/** A lock class in one round. */
export interface RoundLock {
  readonly class: string;
  readonly contentions: number;
  readonly acquisitions: number;
  readonly waitTotal: number;
  readonly wait: Bins;
  readonly hold: Bins;
}

/** What the CPUs did in a moment of a round, step by step; a run keeps some such windows. */
export interface TraceWindow {
  /** Index of an entry of `scenarios`. */
  readonly scenario: number;
  readonly round: number;
  /** start of the round's machine, since the start of the run; the times below count from it */
  readonly bootMs: number;
  readonly cpus: readonly TraceCpu[];
}

export interface TraceCpu {
  readonly cpu: number;
  readonly role: string;
  /** `[us, name of the trace point, text]`, oldest first */
  readonly steps: readonly (readonly [us: number, point: string, text: string])[];
  /** `[start in us, duration in us, lock class, 'wait' or 'hold']` */
  readonly locks: readonly (readonly [us: number, durationUs: number, cls: string, what: 'wait' | 'hold'])[];
}

/** A run as its log tells it. */
export interface Run {
  readonly result: RunResult;
  /** In order. */
  readonly rounds: readonly RoundSample[];
  readonly trace: readonly TraceWindow[];
}

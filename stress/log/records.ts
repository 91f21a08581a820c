// SPDX-License-Identifier: GPL-2.0-only
/**
 * The event log of a run, `events.ndjson`: one JSON object a line, only ever appended to. Beside the fields below each
 * has its number in the file, `line`, from 1.
 *
 *   run        what is run, and on what: always first
 *   round      a round begins
 *   sample     how the round gets on: some for each second
 *   so far     all figures of the round until now: at least one for each second
 *   finding    a problem that is new in this scenario on this build, with all that is known of it
 *   again      the same problem once more
 *   explained  the schedule that shows a finding, or that none was found
 *   trace      what the CPUs did in a moment of the round
 *   done       all figures of the round; what `so far` said of it no longer counts
 *   end        the run is over; a log without it is that of a run that was killed
 *
 * A merged log is its parts, one behind the other, after a line `merge`. Everything that is reported is made from these
 * lines, while the run goes on and afterwards.
 */
import type { Bins } from '../../src/arch/sab/histogram.ts';
import type { LockStat } from '../../src/kernel/locking/lock_stat.ts';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import type { Build } from '../../src/reverts/registry.ts';
import type { StopSignal } from '../cli/exit_code.ts';
import type {
  Environment,
  Expect,
  Explained,
  Parameters,
  Schedules,
  TraceWindow,
  Verdict,
} from '../result/run_result.ts';

/** Version of the lines' form. Earlier ones are read, a later one is refused. In version 1 lines had no numbers. */
export const LOG_VERSION = 2;

/** A scenario on a build. Rounds and results name it by its index. */
export interface CaseRecord extends Build<string> {
  readonly name: string;
  readonly description: string;
  /** Whether this machine's threads are to show the race of a fix that the build lacks. */
  readonly expectsFinding: boolean;
  /** Whether the machine's own order of accesses can show what the scenario is about. */
  readonly native: boolean;
  readonly outcomes: Readonly<Record<string, { readonly expect: Expect; readonly description: string }>>;
  readonly goals: Readonly<Record<string, 'required' | 'wanted'>>;
  /** By CPU. */
  readonly roles: readonly string[];
  /** System call whose time is kept for this case, to be compared with the other build's. */
  readonly contrast?: string;
}

/** Where a part of a merged log is from. */
export interface MergedFrom {
  readonly folder: string;
  readonly verdict: Verdict;
}

export interface RunRecord {
  readonly t: 'run';
  readonly log: number;
  readonly startedAt: string;
  readonly parameters: Parameters;
  readonly environment: Environment;
  readonly cases: readonly CaseRecord[];
  /** null in a log that was not merged */
  readonly from: MergedFrom | null;
}

export interface RoundRecord {
  readonly t: 'round';
  readonly n: number;
  /** index of the case */
  readonly case: number;
  readonly seed: number;
  /** since the start of the run */
  readonly ms: number;
}

export interface SampleRecord {
  readonly t: 'sample';
  readonly n: number;
  /** middle of the stretch, since the start of the run */
  readonly ms: number;
  readonly spanMs: number;
  /** reaped in it */
  readonly events: number;
  /** Shares of all slots of live contexts; null where none lived. */
  readonly occupancy: number | null;
  readonly freeSlots: number | null;
  readonly contexts: number;
  readonly gracePeriods: number;
  /** A letter of ACTIVITY_LETTERS for each CPU. */
  readonly activity: string;
}

/** What a round has come to. */
export interface Figures {
  /** Time that user space has run. */
  readonly ranMs: number;
  /** since the round began */
  readonly elapsedMs: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly latency: Readonly<Record<string, Bins>>;
  readonly locks: readonly LockStat[];
  /** By role: how often its threads were found at each of ACTIVITIES. */
  readonly roles: Readonly<Record<string, readonly number[]>>;
  /** Of the deterministic engine, whose rounds are batches of schedules. */
  readonly schedules?: Schedules;
}

export interface SoFarRecord extends Figures {
  readonly t: 'so far';
  readonly n: number;
}

export interface DoneRecord extends Figures {
  readonly t: 'done';
  readonly n: number;
  /** Whether it went to its end. */
  readonly whole: boolean;
  /** Why it was given up without a verdict; absent if it was not. */
  readonly inconclusive?: string;
}

export interface FindingRecord {
  readonly t: 'finding';
  readonly n: number;
  /** Number of its signature in this log. */
  readonly id: number;
  /** How long user space had run in the round. */
  readonly ranMs: number;
  readonly known: string | null;
  readonly expected: boolean;
  /** Its stack names lines of the source. */
  readonly record: OopsRecord;
  /** What `--replay` takes. */
  readonly schedule?: string;
}

export interface AgainRecord {
  readonly t: 'again';
  readonly n: number;
  readonly id: number;
  readonly ranMs: number;
}

/** What the deterministic engine makes of a finding; between rounds, or when they are over. */
export interface ExplainedRecord {
  readonly t: 'explained';
  /** of the finding */
  readonly id: number;
  readonly explained: Explained;
}

export interface TraceRecord {
  readonly t: 'trace';
  readonly n: number;
  readonly window: TraceWindow;
}

export interface EndRecord {
  readonly t: 'end';
  readonly ms: number;
  readonly signal: StopSignal | null;
  /** Why the harness could not go on. */
  readonly failure: string | null;
}

export interface MergeRecord {
  readonly t: 'merge';
  readonly log: number;
  readonly folders: readonly string[];
  /** `run` lines that follow; absent in version 1 */
  readonly runs?: number;
}

export type LogRecord =
  | RunRecord
  | RoundRecord
  | SampleRecord
  | SoFarRecord
  | DoneRecord
  | FindingRecord
  | AgainRecord
  | ExplainedRecord
  | TraceRecord
  | EndRecord
  | MergeRecord;

// SPDX-License-Identifier: GPL-2.0-only
/**
 * A log's lines, taken one by one, and what they come to. The run itself feeds it while it goes on; a reader feeds it
 * afterwards; both get the same result.
 */
import { rankOf, SIGNAL_EXIT } from '../cli/exit_code.ts';
import { buildName } from '../result/labels.ts';
import {
  type MergedRun,
  type RoundSample,
  type Run,
  type RunResult,
  SCHEMA_VERSION,
  type TraceWindow,
  VERDICTS,
} from '../result/run_result.ts';
import { CaseFold } from './case_fold.ts';
import type { DoneRecord, EndRecord, Figures, FindingRecord, LogRecord, RunRecord } from './records.ts';
import { Timeline } from './timeline.ts';
import { Totals } from './totals.ts';
import { grade } from './verdict.ts';

/** What a reader wants besides the result. Rounds and traces of a long run take room. */
export interface Keep {
  readonly rounds: boolean;
  readonly trace: boolean;
}

interface OpenRound {
  readonly n: number;
  /** index in `cases` */
  readonly index: number;
  readonly fold: CaseFold;
  readonly startedMs: number;
  figures: Figures | null;
}

/** Lines that cannot be one behind the other. */
export class OutOfPlace extends Error {
  override readonly name = 'OutOfPlace';
}

export class RunFold {
  readonly cases: CaseFold[] = [];
  private readonly keep: Keep;
  private readonly parts: RunRecord[] = [];
  /** Of the part under way: index in `cases` of each of its cases. */
  private indexes: readonly number[] = [];
  private readonly findings = new Map<number, { readonly record: FindingRecord; readonly fold: CaseFold }>();
  private open: OpenRound | null = null;
  private readonly patched = new Totals();
  private readonly reverted = new Totals();
  private readonly timeline = new Timeline();
  private readonly rounds: RoundSample[] = [];
  private readonly windows: TraceWindow[] = [];
  /** Length of the parts before this one, and how far this one has got. */
  private offsetMs = 0;
  private lastMs = 0;
  private ends: EndRecord[] = [];
  /** Runs that a merged log is to have. */
  private announced = 0;

  constructor(keep: Keep = { rounds: false, trace: false }) {
    this.keep = keep;
  }

  add(record: LogRecord): void {
    switch (record.t) {
      case 'merge':
        this.announced = record.runs ?? 0;
        return;
      case 'run':
        this.begin(record);
        return;
      case 'end':
        this.lastMs = Math.max(this.lastMs, record.ms);
        this.ends.push(record);
        return;
      case 'explained': {
        const found = this.findings.get(record.id);
        if (found === undefined) throw new OutOfPlace('what explains a finding that was not found');
        found.fold.explain(found.record.record, record.explained);
        return;
      }
      case 'round': {
        this.closeRound();
        const index = this.indexes[record.case];
        const fold = index === undefined ? undefined : this.cases[index];
        if (index === undefined || fold === undefined) throw new OutOfPlace('a round of a case that there is not');
        this.open = { n: record.n, index, fold, startedMs: this.offsetMs + record.ms, figures: null };
        this.lastMs = Math.max(this.lastMs, record.ms);
        return;
      }
      default:
        this.addToRound(record, this.roundOf(record.n));
    }
  }

  private addToRound(
    record: Exclude<LogRecord, { t: 'merge' | 'run' | 'end' | 'explained' | 'round' }>,
    open: OpenRound,
  ): void {
    switch (record.t) {
      case 'sample':
        this.timeline.add(record, open.index, this.offsetMs);
        this.lastMs = Math.max(this.lastMs, record.ms + record.spanMs / 2);
        return;
      case 'so far':
        open.figures = record;
        return;
      case 'finding':
        this.findings.set(record.id, { record, fold: open.fold });
        open.fold.find(record, open.startedMs);
        return;
      case 'again': {
        const first = this.findings.get(record.id);
        if (first === undefined) throw new OutOfPlace('a finding once more that was not found before');
        open.fold.find({ ...first.record, ranMs: record.ranMs }, open.startedMs);
        return;
      }
      case 'trace':
        if (this.keep.trace) {
          this.windows.push({ ...record.window, scenario: open.index, bootMs: this.offsetMs + record.window.bootMs });
        }
        return;
      case 'done':
        this.finish(open, record, record.whole, record.inconclusive ?? null);
        return;
      default:
        throw new OutOfPlace(`a line of no kind that is known: ${(record as { t: string }).t}`);
    }
  }

  private begin(record: RunRecord): void {
    this.closeRound();
    this.offsetMs += this.lastMs;
    this.lastMs = 0;
    this.findings.clear();
    this.parts.push(record);
    this.indexes = record.cases.map((info) => {
      const same = (c: CaseFold): boolean => c.info.name === info.name && buildName(c.info) === buildName(info);
      const at = this.cases.findIndex(same);
      return at >= 0 ? at : this.cases.push(new CaseFold(info)) - 1;
    });
  }

  private roundOf(n: number): OpenRound {
    if (this.open?.n !== n) throw new OutOfPlace(`round ${n} has not begun`);
    return this.open;
  }

  private finish(open: OpenRound, figures: Figures | DoneRecord, whole: boolean, inconclusive: string | null): void {
    this.open = null;
    open.fold.finish(figures, whole, inconclusive);
    this.lastMs = Math.max(this.lastMs, open.startedMs - this.offsetMs + figures.elapsedMs);
    (open.fold.info.reverted.length === 0 ? this.patched : this.reverted).add(figures);
    if (!this.keep.rounds) return;
    const { ranMs, operations, latency, locks } = figures;
    this.rounds.push({
      number: this.rounds.length,
      scenario: open.index,
      startedMs: open.startedMs,
      ranMs,
      whole,
      operations,
      latency,
      locks: locks.map((lock) => ({
        class: lock.class,
        contentions: lock.contentions,
        acquisitions: lock.acquisitions,
        waitTotal: lock.waitTotal,
        wait: lock.wait,
        hold: lock.hold,
      })),
    });
  }

  /** A round without an end was cut off; what is known of it counts. */
  closeRound(): void {
    if (this.open === null) return;
    const nothing: Figures = { ranMs: 0, elapsedMs: 0, operations: {}, latency: {}, locks: [], roles: {} };
    this.finish(this.open, this.open.figures ?? nothing, false, null);
  }

  /** Events reaped, and for how long user space ran, in the rounds that are over. */
  get progress(): { events: number; ranMs: number } {
    const { patched, reverted } = this;
    return { events: patched.events + reverted.events, ranMs: patched.ranMs + reverted.ranMs };
  }

  private verdict(): Pick<RunResult, 'verdict' | 'reason' | 'exitCode' | 'interrupted'> {
    const killed = this.ends.length < Math.max(this.parts.length, this.announced);
    const signal = this.ends.find((end) => end.signal !== null)?.signal ?? null;
    const failure = this.ends.find((end) => end.failure !== null)?.failure ?? null;
    const interrupted = killed || signal !== null;
    const { verdict, reason } = grade(this.cases, interrupted);
    if (failure !== null) {
      const failed = `the harness failed: ${failure}`;
      // What was found stays found.
      if (rankOf(VERDICTS[verdict]) < rankOf(VERDICTS.harness)) {
        return { verdict, reason: `${reason}; and ${failed}`, exitCode: VERDICTS[verdict], interrupted };
      }
      return { verdict: 'harness', reason: failed, exitCode: VERDICTS.harness, interrupted };
    }
    if (verdict !== 'interrupted') return { verdict, reason, exitCode: VERDICTS[verdict], interrupted };
    const exitCode = signal === null ? VERDICTS.interrupted : SIGNAL_EXIT[signal];
    return { verdict, reason: killed ? reason.replace('interrupted', 'killed') : reason, exitCode, interrupted };
  }

  private merged(): MergedRun[] {
    return this.parts.flatMap(({ from, parameters, environment }) =>
      from === null ? [] : [{ ...from, seed: parameters.seed, shard: parameters.shard, environment }],
    );
  }

  /** @throws OutOfPlace if there was no run */
  result(): RunResult {
    const [first] = this.parts;
    if (first === undefined) throw new OutOfPlace('there is no run in it');
    const totals = this.patched.rounds > 0 || this.reverted.rounds === 0 ? this.patched : this.reverted;
    const cleanRounds = this.cases
      .filter(({ info }) => info.reverted.length === 0)
      .reduce((sum, { wholeRounds }) => sum + wholeRounds, 0);
    const { events, ranMs } = totals;
    return {
      schemaVersion: SCHEMA_VERSION,
      ...this.verdict(),
      startedAt: first.startedAt,
      elapsedMs: this.offsetMs + this.lastMs,
      parameters: {
        ...first.parameters,
        durationMs: this.parts.reduce((sum, { parameters }) => sum + parameters.durationMs, 0),
        shard: this.parts.length === 1 ? first.parameters.shard : null,
      },
      environment: first.environment,
      merged: this.merged(),
      scenarios: this.cases.map((fold) => fold.result()),
      measured: totals === this.patched ? 'patched' : 'reverted',
      locks: totals.locks(),
      latency: totals.latency(),
      throughput: { events, eventsPerSecond: ranMs === 0 ? 0 : (events * 1000) / ranMs },
      roles: totals.roles(),
      timeline: this.timeline.points(),
      thresholds: [],
      confidence: { cleanRounds, ruleOfThree: cleanRounds === 0 ? 0 : 3 / cleanRounds },
    };
  }

  run(): Run {
    return { result: this.result(), rounds: this.rounds, trace: this.windows };
  }
}

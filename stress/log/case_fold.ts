// SPDX-License-Identifier: GPL-2.0-only
/** A scenario on a build: its rounds so far, and what they add up to. */
import { addBins, type Bins } from '../../src/arch/sab/histogram.ts';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { buildOf } from '../../src/reverts/registry.ts';
import { distribution, percentileOf } from '../result/distribution.ts';
import type {
  Detection,
  Explained,
  Finding,
  Outcome,
  ScenarioResult,
  Schedules,
  Spread,
} from '../result/run_result.ts';
import type { CaseRecord, Figures, FindingRecord } from './records.ts';

type Counting = { -readonly [K in keyof Finding]: Finding[K] } & { lastRound: number };

/** The same problem, whenever and wherever it shows. */
export const signature = ({ kind, title, where }: Pick<OopsRecord | Finding, 'kind' | 'title' | 'where'>): string =>
  `${kind}|${title}|${where}`;

/** Quantile of an exponential time with so many detections in so much time. */
const quantile = (q: number, exposureMs: number, detected: number): number | null =>
  detected === 0 ? null : (-Math.log(1 - q) * exposureMs) / detected;

const widen = (a: Spread, b: Spread): Spread => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
  sum: a.sum + b.sum,
});

/** What two batches come to. Those that differ within a batch are taken to differ from those of the other. */
const addSchedules = (a: Schedules | null, b: Schedules): Schedules =>
  a === null || a.schedules === 0
    ? b
    : {
        schedules: a.schedules + b.schedules,
        different: a.different + b.different,
        bounded: a.bounded + b.bounded,
        whole: a.whole + b.whole,
        steps: widen(a.steps, b.steps),
        points: widen(a.points, b.points),
        switches: widen(a.switches, b.switches),
        firstFinding: a.firstFinding ?? b.firstFinding,
        pctBound: b.pctBound ?? a.pctBound,
        search: b.search ?? a.search,
      };

export class CaseFold {
  readonly info: CaseRecord;
  rounds = 0;
  /** Rounds that went to their end; of the deterministic engine, schedules. */
  wholeRounds = 0;
  elapsedMs = 0;
  ranMs = 0;
  firstFindingMs: number | null = null;
  /** Rounds that were given up without a verdict, and why the last of them was. */
  inconclusive: { readonly rounds: number; readonly why: string } | null = null;
  readonly operations: Record<string, number> = {};
  private readonly findings = new Map<string, Counting>();
  private detected = 0;
  private exposureMs = 0;
  schedules: Schedules | null = null;
  /** When the race showed in the round under way, ms that user space had run; null if it has not. */
  private shownMs: number | null = null;
  /** Times of the call whose time tells the builds apart. */
  private times: Bins = [];
  private readonly medians: number[] = [];

  constructor(info: CaseRecord) {
    this.info = info;
  }

  get surfaced(): boolean {
    return this.firstFindingMs !== null;
  }

  /** @param startedMs - of the round, since the start of the run */
  find({ record, known, expected, ranMs, schedule }: Omit<FindingRecord, 't' | 'n' | 'id'>, startedMs: number): void {
    // A schedule's own clock is virtual.
    const atMs = schedule === undefined ? record.us / 1000 : ranMs;
    if (expected) this.firstFindingMs ??= this.elapsedMs + atMs;
    if (expected) this.shownMs = Math.min(this.shownMs ?? ranMs, ranMs);
    const seen = this.findings.get(signature(record));
    if (seen !== undefined) {
      seen.count += 1;
      if (seen.lastRound !== this.rounds) seen.rounds += 1;
      seen.lastRound = this.rounds;
      return;
    }
    const { kind, title, where, cpu, role, text, objects, address, stack, cpus } = record;
    this.findings.set(signature(record), {
      ...{ kind, title, where, cpu, role, text, objects, address, stack, cpus, known, expected },
      ...(schedule === undefined ? {} : { schedule }),
      explained: null,
      count: 1,
      rounds: 1,
      firstAtMs: startedMs + atMs,
      lastRound: this.rounds,
    });
  }

  /** @param record - one that was found */
  explain(record: OopsRecord, explained: Explained): void {
    const finding = this.findings.get(signature(record));
    if (finding !== undefined) finding.explained = explained;
  }

  /** The round is over. */
  finish(figures: Figures, whole: boolean, inconclusive: string | null = null): void {
    if (inconclusive !== null) {
      this.inconclusive = { rounds: (this.inconclusive?.rounds ?? 0) + 1, why: inconclusive };
    }
    for (const [name, n] of Object.entries(figures.operations))
      this.operations[name] = (this.operations[name] ?? 0) + n;
    this.rounds += 1;
    if (figures.schedules !== undefined) this.schedules = addSchedules(this.schedules, figures.schedules);
    this.wholeRounds += figures.schedules?.whole ?? (whole ? 1 : 0);
    this.elapsedMs += figures.elapsedMs;
    this.ranMs += figures.ranMs;
    this.exposureMs += this.shownMs ?? figures.ranMs;
    if (this.shownMs !== null) this.detected += 1;
    this.shownMs = null;
    const times = figures.latency[this.info.contrast ?? ''];
    if (times === undefined || times.length === 0) return;
    this.times = addBins(this.times, times);
    this.medians.push(percentileOf(times, 50));
  }

  /** Findings that a build with these fixes should not show. */
  unexpected(): Finding[] {
    return this.list().filter(({ known, expected }) => known === null && !expected);
  }

  private list(): Finding[] {
    return [...this.findings.values()].map(({ lastRound: _, ...finding }) => finding);
  }

  /** Events read so far. */
  get events(): number {
    return this.operations['reaped'] ?? 0;
  }

  private outcomes(): Outcome[] {
    const counts = new Map<string, number>();
    for (const { kind, count, known } of this.findings.values()) {
      const result = known === null ? kind : `${kind} (known)`;
      counts.set(result, (counts.get(result) ?? 0) + count);
    }
    const declared = Object.entries(this.info.outcomes).map(([result, { expect, description }]) => ({
      result,
      samples: counts.get(result) ?? this.operations[result] ?? 0,
      expect,
      description,
    }));
    const undeclared = [...counts]
      .filter(([result]) => !Object.hasOwn(this.info.outcomes, result))
      .map(([result, samples]) => ({
        result,
        samples,
        expect: result.endsWith('(known)') ? ('INTERESTING' as const) : ('FORBIDDEN' as const),
        description: result.endsWith('(known)')
          ? 'a bug that v3.17 is known to have'
          : 'nothing of the kind may happen',
      }));
    return [...declared, ...undeclared];
  }

  /** Required goals that were never reached. */
  vacuous(): string[] {
    return Object.entries(this.info.goals)
      .filter(([name, need]) => need === 'required' && (this.operations[name] ?? 0) === 0)
      .map(([name]) => name);
  }

  private detection(): Detection | null {
    // Batches of schedules are no samples of time.
    if (!this.info.expectsFinding || this.schedules !== null) return null;
    const { rounds, detected, exposureMs } = this;
    const at = (q: number): number | null => quantile(q, exposureMs, detected);
    return { rounds, detected, exposureMs, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
  }

  result(): ScenarioResult {
    const { info, rounds, elapsedMs, ranMs, operations, firstFindingMs, medians } = this;
    const call = medians.length === 0 ? undefined : info.contrast;
    return {
      name: info.name,
      description: info.description,
      build: buildOf(info),
      expectsFinding: info.expectsFinding,
      rounds,
      elapsedMs,
      ranMs,
      operations,
      outcomes: this.outcomes(),
      findings: this.list(),
      goals: Object.fromEntries(
        Object.entries(info.goals).map(([name, need]) => [
          name,
          { count: operations[name] ?? 0, required: need === 'required' },
        ]),
      ),
      firstFindingMs,
      detection: this.detection(),
      ...(this.schedules === null ? {} : { schedules: this.schedules }),
      ...(call === undefined ? {} : { contrast: { call, latency: distribution(this.times), medians } }),
      ...(this.inconclusive === null ? {} : { inconclusive: this.inconclusive }),
    };
  }
}

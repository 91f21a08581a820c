// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes a run down while it goes on: each line goes to the log and to the fold, from which everything is reported.
 *
 * It is called some sixty times a second while a round is under way, and needs no help of the CPUs: all that it reads
 * is in shared words.
 */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { readLockSlices } from '../../src/kernel/locking/lock_slices.ts';
import { readLockStat } from '../../src/kernel/locking/lock_stat.ts';
import { type OopsRecord, oopsCount, readOops } from '../../src/kernel/oops.ts';
import { rcu_completed } from '../../src/kernel/rcu/tree.ts';
import { recordedSteps } from '../../src/trace/flight_recorder.ts';
import { eventsReaped, readLatencies, readOperations } from '../../workers/meters.ts';
import type { Figures } from '../log/records.ts';
import type { RunLog } from '../log/run_log.ts';
import { ACTIVITY_LETTERS, type TraceWindow } from '../result/run_result.ts';
import { FindingLog } from '../round/finding_log.ts';
import type { Pool } from '../round/pool.ts';
import type { RoundResult, RoundView } from '../round/round.ts';
import { sourceFrame } from '../round/source_lines.ts';
import type { Ran } from '../scenarios/known.ts';
import { Stretch } from './sample.ts';
import { lookAtCpus, lookAtRings } from './sampler.ts';

/** Between two lines of each kind, ms. */
const SAMPLE_MS = 250;
const SO_FAR_MS = 900;
/** Most that can pass between two looks at a round that runs. */
const LOOK_MS = 20;
/** Steps, and slices of locks, of each CPU in a window. */
const WINDOW_STEPS = 128;
/** A run keeps no more of windows than this; they say how it went, not all that happened. */
const WINDOWS_BYTES_MAX = 8 * 1024 * 1024;

/** A case's place in the log. */
export interface RecordedCase extends Ran {
  readonly index: number;
  readonly roles: readonly string[];
}

export class Recorder extends FindingLog {
  private readonly pool: Pool;
  private windowBytes = 0;
  private readonly roundsOf = new Map<number, number>();

  // The round under way.
  private current: RecordedCase = { index: 0, reverted: [], roles: [] };
  private n = -1;
  private roundMs = 0;
  private machineSeen = 0;
  private observedSeen = 0;
  private soFarMs = 0;
  private windowDue = false;
  private stretch: Stretch | null = null;
  private roles: Record<string, number[]> = {};

  constructor(log: RunLog, pool: Pool) {
    super(log);
    this.pool = pool;
  }

  begin(n: number, current: RecordedCase, seed: number): void {
    const before = this.roundsOf.get(current.index) ?? 0;
    this.roundsOf.set(current.index, before + 1);
    // Rounds 1, 2, 4, 8, … of each case.
    this.windowDue = (before & (before + 1)) === 0 && this.windowBytes < WINDOWS_BYTES_MAX;
    this.current = current;
    this.n = n;
    this.roundMs = this.elapsedMs();
    this.machineSeen = 0;
    this.observedSeen = 0;
    this.soFarMs = this.roundMs;
    this.stretch = null;
    this.roles = {};
    this.log.write({ t: 'round', n, case: current.index, seed, ms: this.roundMs });
  }

  /** Writes down what is new. */
  look(view: RoundView): void {
    this.findings(view);
    if (view.running) this.sample(view);
    else this.endStretch();
    const now = this.elapsedMs();
    if (now - this.soFarMs < SO_FAR_MS) return;
    this.soFarMs = now;
    this.log.write({ t: 'so far', n: this.n, ...this.figures(view.ranMs) });
  }

  /** The round is over, and look() has been called since. */
  end(result: RoundResult): void {
    const { whole, inconclusive, ranMs } = result;
    const why = inconclusive === null ? {} : { inconclusive };
    this.log.write({ t: 'done', n: this.n, whole, ...why, ...this.figures(ranMs) });
  }

  private figures(ranMs: number): Figures {
    const { meters, machine } = this.pool;
    const mapped = (sites: readonly (readonly [string, number])[]): [string, number][] =>
      sites.map(([site, count]) => [sourceFrame(site), count]);
    return {
      ranMs,
      elapsedMs: this.elapsedMs() - this.roundMs,
      operations: readOperations(meters),
      latency: readLatencies(meters),
      locks: readLockStat(machine.lockStat).map((lock) => ({
        ...lock,
        waiters: mapped(lock.waiters),
        holders: mapped(lock.holders),
      })),
      // A copy: it is counted on.
      roles: Object.fromEntries(Object.entries(this.roles).map(([role, looks]) => [role, [...looks]])),
    };
  }

  private findings({ observed, ranMs, runsFromUs }: RoundView): void {
    const { oops } = this.pool.machine;
    let found = false;
    // When it was recorded, not when it is seen here.
    const when = ({ us }: OopsRecord): number => Math.max(0, Math.min(ranMs + LOOK_MS, (us - runsFromUs) / 1000));
    for (const taken = oopsCount(oops); this.machineSeen < taken; this.machineSeen++) {
      const record = readOops(oops, this.machineSeen);
      // Still being written; or there was no room, then there is none for those behind it either.
      if (record === null) break;
      this.finding(record, when(record));
      found = true;
    }
    for (; this.observedSeen < observed.length; this.observedSeen++) {
      const record = observed[this.observedSeen] as OopsRecord;
      this.finding(record, when(record));
      found = true;
    }
    if (found) this.log.sync();
  }

  private finding(record: OopsRecord, ranMs: number): void {
    const operations = readOperations(this.pool.meters);
    this.find({ ...this.current, n: this.n, operations }, record, ranMs, null);
  }

  private sample(view: RoundView): void {
    const now = this.elapsedMs();
    this.stretch ??= new Stretch(this.current.roles.length, now, eventsReaped(this.pool.meters), rcu_completed());
    const letters = lookAtCpus(view.isOut);
    // Every fourth look: a walk over all contexts costs more.
    const rings = (this.stretch.looks & 3) === 0 ? lookAtRings(view.mm) : null;
    this.stretch.addCpus(letters);
    if (rings !== null) this.stretch.addRings(rings);
    this.current.roles.forEach((role, cpu) => {
      this.roles[role] ??= [...ACTIVITY_LETTERS].map(() => 0);
      const letter = ACTIVITY_LETTERS.indexOf(letters[cpu] ?? 'i');
      const sums = this.roles[role] as number[];
      sums[letter] = (sums[letter] as number) + 1;
    });
    if (this.windowDue && view.ranMs > view.runMs / 2) this.window(view);
    if (now - this.stretch.fromMs >= SAMPLE_MS) this.endStretch();
  }

  private endStretch(): void {
    const { stretch } = this;
    if (stretch === null) return;
    this.stretch = null;
    this.log.write(stretch.record(this.n, this.elapsedMs(), eventsReaped(this.pool.meters)));
  }

  private window(view: RoundView): void {
    this.windowDue = false;
    const { trace, lockStat } = this.pool.machine;
    const window: TraceWindow = {
      scenario: this.current.index,
      round: this.n,
      bootMs: this.elapsedMs() - (ktime_get() - view.bootTime) / 1e6,
      cpus: this.current.roles.map((role, cpu) => ({
        cpu,
        role,
        steps: recordedSteps(trace, cpu, WINDOW_STEPS).map(({ us, point, text }) => [us, point, text]),
        locks: readLockSlices(lockStat, cpu)
          .slice(-WINDOW_STEPS)
          .map(({ startUs, durationUs, class: cls, what }) => [startUs, durationUs, cls, what]),
      })),
    };
    this.windowBytes += JSON.stringify(window).length;
    this.log.write({ t: 'trace', n: this.n, window });
  }
}

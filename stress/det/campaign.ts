// SPDX-License-Identifier: GPL-2.0-only
/**
 * The campaign of the deterministic engine: batches of schedules, one case after the other, until each has had its
 * number of them, or the time is up.
 *
 * A reverted build that has shown its race has done what it is there for; the time is the others' then.
 */
import { POLICIES } from '../../src/det/schedulers/index.ts';
import { buildOf } from '../../src/reverts/registry.ts';
import type { CaseFold } from '../log/case_fold.ts';
import type { DetOptions } from '../options/options.ts';
import { type CampaignContext, isStopped, report } from '../round/campaign.ts';
import type { Case } from '../round/case.ts';
import { Pool } from '../round/pool.ts';
import type { BatchNotes, DetRecorder } from './recorder.ts';
import { encodeSchedule } from './schedule/string.ts';
import { type ExploreOptions, Explorer } from './search/explore.ts';
import { Search } from './search/search.ts';
import type { Counts } from './search/tally.ts';

/** How long a batch takes, ms. */
const BATCH_MS = 1000;

/** What the schedules have in common. */
export interface DetLoad extends DetOptions {
  readonly seed: number;
  readonly arenaMib: number;
}

export class DetCampaign {
  private readonly context: CampaignContext;
  private readonly det: DetLoad;
  private readonly recorder: DetRecorder;
  private readonly pools = new Map<number, Pool>();
  private readonly explorers = new Map<number, Explorer>();
  /** Cases whose search is over. */
  private readonly searched = new Set<number>();
  private batch = 0;

  constructor(context: CampaignContext, det: DetLoad, recorder: DetRecorder) {
    this.context = context;
    this.det = det;
    this.recorder = recorder;
  }

  private exploreOptions(): ExploreOptions {
    const { scheduler, depth, maxSteps, memory, selfCheck, seed, arenaMib } = this.det;
    const schedulers = scheduler === 'portfolio' ? POLICIES : scheduler === 'dfs' ? (['random'] as const) : [scheduler];
    return { schedulers, depth, maxSteps, memory, seed, arenaMib, selfCheck };
  }

  /** A pool as wide as a case. */
  private poolOf({ roles }: Case): Pool {
    const pool = this.pools.get(roles.length) ?? new Pool(roles.length, this.det.arenaMib, true, true);
    this.pools.set(roles.length, pool);
    return pool;
  }

  private explorerOf(index: number): Explorer {
    const current = this.context.cases[index] as Case;
    const explorer = this.explorers.get(index) ?? new Explorer(this.poolOf(current), current, this.exploreOptions());
    this.explorers.set(index, explorer);
    return explorer;
  }

  private isDone(index: number): boolean {
    const fold = this.context.fold.cases[index] as CaseFold;
    if (this.searched.has(index) || (fold.info.expectsFinding && fold.surfaced)) return true;
    return this.det.schedules !== null && (fold.schedules?.schedules ?? 0) >= this.det.schedules;
  }

  /** Who has had least time, of those that are not done; -1 if all are. */
  private next(): number {
    const elapsedMs = (index: number): number => (this.context.fold.cases[index] as CaseFold).elapsedMs;
    return this.context.cases.reduce(
      (best, _, index) => (this.isDone(index) || (best >= 0 && elapsedMs(best) <= elapsedMs(index)) ? best : index),
      -1,
    );
  }

  private leftMs(): number {
    return this.det.schedules !== null
      ? Number.POSITIVE_INFINITY
      : this.context.budget.durationMs - this.recorder.elapsedMs();
  }

  private enough(): boolean {
    if (isStopped(this.context)) return true;
    // A first batch is worth being late for.
    return this.leftMs() <= 0 && this.context.fold.cases.every((c) => c.rounds > 0);
  }

  private report(index: number): void {
    const schedules = this.context.fold.cases.reduce((sum, c) => sum + (c.schedules?.schedules ?? 0), 0);
    report(this.context, index, this.batch, this.recorder.elapsedMs(), { schedules });
  }

  /** A batch of schedules of one case. */
  private async explore(index: number): Promise<[Counts, BatchNotes]> {
    const explorer = this.explorerOf(index);
    const untilMs = this.recorder.elapsedMs() + Math.max(1, Math.min(BATCH_MS, this.leftMs()));
    const last = this.det.schedules ?? Number.POSITIVE_INFINITY;
    await explorer.run((tried) => {
      const { number, result } = tried;
      const found = this.recorder.add(number, result, () => encodeSchedule(explorer.schedule(tried)));
      return !(found && this.isEnoughFound(index)) && number < last && this.recorder.elapsedMs() < untilMs;
    }, this.context.stop);
    return [explorer.take(), { pctBound: explorer.pctBound, search: null }];
  }

  /** Whether a finding ends the batch. */
  private isEnoughFound(index: number): boolean {
    return (this.context.fold.cases[index] as CaseFold).surfaced || this.enough();
  }

  /** The whole search of one case, which has its share of the time. */
  private async search(index: number): Promise<[Counts, BatchNotes]> {
    const current = this.context.cases[index] as Case;
    const options = this.exploreOptions();
    const search = new Search(this.poolOf(current), current, options);
    const untilMs = this.recorder.elapsedMs() + this.leftMs() / (this.context.cases.length - this.searched.size);
    const last = this.det.schedules ?? Number.POSITIVE_INFINITY;
    this.searched.add(index);
    const text = await search.run(
      this.det.bound,
      (number, result, schedule) => {
        const found = this.recorder.add(number, result, () => encodeSchedule(schedule()));
        return !(found && this.isEnoughFound(index)) && number < last && this.recorder.elapsedMs() < untilMs;
      },
      this.context.stop,
    );
    return [search.take(), { pctBound: null, search: text }];
  }

  async run(): Promise<void> {
    for (;;) {
      const index = this.enough() ? -1 : this.next();
      if (index < 0) return;
      this.report(index);
      const current = this.context.cases[index] as Case;
      this.recorder.begin(this.batch++, index, { ...buildOf(current), scenario: current.scenario }, this.det.seed);
      const [counts, notes] = await (this.det.scheduler === 'dfs' ? this.search(index) : this.explore(index));
      this.recorder.end(counts, notes);
      this.report(index);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
  }
}

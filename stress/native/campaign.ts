// SPDX-License-Identifier: GPL-2.0-only
/**
 * The campaign: which case gets the next round, until the time is up.
 *
 * Every case gets a round first. After that, whoever has had least time for its weight: a reverted build that has not
 * shown its race weighs most, one that has shown it least.
 */
import { mix32 } from '../../src/arch/sab/prng.ts';
import type { Perturbation } from '../../src/init/hook.ts';
import type { CaseFold } from '../log/case_fold.ts';
import type { CaseRecord } from '../log/records.ts';
import type { Shard } from '../result/run_result.ts';
import { type CampaignContext, isStopped, report } from '../round/campaign.ts';
import type { Case } from '../round/case.ts';
import type { Pool } from '../round/pool.ts';
import { runRound } from '../round/round.ts';
import type { Recorder } from './recorder.ts';

/** Shortest and longest time that user space runs in a round, ms. */
const RUN_MIN_MS = 250;
const RUN_MAX_MS = 1000;
/** What a round costs beside the time that user space runs, ms; a guess until there has been one. */
const OVERHEAD_MS = 250;

const WEIGHT_SILENT = 8;
const WEIGHT_SURFACED = 0.4;

/** A build whose times are compared needs rounds after its first finding, too. */
const weightOf = ({ expectsFinding, contrast }: CaseRecord, surfaced: boolean): number => {
  if (!expectsFinding) return 1;
  if (!surfaced) return WEIGHT_SILENT;
  return contrast === undefined ? WEIGHT_SURFACED : 1;
};

/** What the rounds have in common. */
export interface Load {
  readonly seed: number;
  /** null for the whole seed space */
  readonly shard: Shard | null;
  readonly perturb: Perturbation;
}

export class Campaign {
  private readonly context: CampaignContext;
  private readonly load: Load;
  private readonly pool: Pool;
  private readonly recorder: Recorder;
  private round = 0;
  private overheadMs = OVERHEAD_MS;

  constructor(context: CampaignContext, load: Load, pool: Pool, recorder: Recorder) {
    this.context = context;
    this.load = load;
    this.pool = pool;
    this.recorder = recorder;
  }

  /** Index of the case that gets the next round. */
  private next(): number {
    const { cases } = this.context.fold;
    const fresh = cases.findIndex((c) => c.rounds === 0);
    if (fresh >= 0) return fresh;
    const due = ({ info, elapsedMs, surfaced }: CaseFold): number => elapsedMs / weightOf(info, surfaced);
    return cases.reduce((a, c, i) => (due(c) < due(cases[a] as CaseFold) ? i : a), 0);
  }

  private runMs(): number {
    const { cases, budget } = this.context;
    const perRound = budget.durationMs / (cases.length * 3) - this.overheadMs;
    return Math.min(RUN_MAX_MS, Math.max(RUN_MIN_MS, perRound));
  }

  private enough(): boolean {
    if (isStopped(this.context)) return true;
    // A first round is worth being late for, but not by much.
    const { durationMs } = this.context.budget;
    const left = durationMs - this.recorder.elapsedMs();
    const first = this.context.fold.cases.some((c) => c.rounds === 0);
    return left < (first ? -durationMs / 4 : this.runMs() / 2);
  }

  /**
   * The workload of a case's n-th round is the same in every run with this seed, and on each build, so that times of
   * two builds can be compared round by round; shards take turns.
   */
  private seedOf(index: number): number {
    const { cases } = this.context;
    const first = cases.findIndex(({ scenario }) => scenario === cases[index]?.scenario);
    const { seed, shard } = this.load;
    const before = (this.context.fold.cases[index] as CaseFold).rounds;
    const nth = shard === null ? before : before * shard.of + shard.index - 1;
    return mix32(seed ^ mix32(first * 65536 + nth));
  }

  async run(): Promise<void> {
    const { cases, budget, stop } = this.context;
    while (!this.enough()) {
      const index = this.next();
      const current = cases[index] as Case;
      const number = this.round++;
      report(this.context, index, this.round, this.recorder.elapsedMs());
      const left = budget.durationMs - this.recorder.elapsedMs();
      const seed = this.seedOf(index);
      this.recorder.begin(number, { ...current, index }, seed);
      const result = await runRound(this.pool, {
        ...current,
        number,
        seed,
        perturb: this.load.perturb,
        runMs: Math.max(RUN_MIN_MS, Math.min(this.runMs(), left)),
        stop,
        watch: (view) => this.recorder.look(view),
      });
      this.recorder.end(result);
      this.pool.checkThreads();
      this.overheadMs = 0.8 * this.overheadMs + 0.2 * (result.elapsedMs - result.ranMs);
      report(this.context, index, this.round, this.recorder.elapsedMs());
    }
  }
}

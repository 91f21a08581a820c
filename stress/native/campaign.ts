// SPDX-License-Identifier: GPL-2.0-only
/**
 * The campaign: which case gets the next round, until the time is up.
 *
 * Every case gets a round first. After that, whoever has had least time for its weight: a reverted build that has not
 * shown its race weighs most, one that has shown it least.
 */
import { mix32 } from '../../src/arch/sab/prng.ts';
import type { Slug } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import type { CaseFold } from '../log/case_fold.ts';
import type { RunFold } from '../log/fold.ts';
import type { CaseRecord } from '../log/records.ts';
import type { Options } from '../options/stress_options.ts';
import type { Pool } from '../round/pool.ts';
import { runRound } from '../round/round.ts';
import { assignRoles } from '../scenarios/roles.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Recorder } from './recorder.ts';

/** Shortest and longest time that user space runs in a round, ms. */
const RUN_MIN_MS = 250;
const RUN_MAX_MS = 1000;
/** What a round costs beside the time that user space runs, ms; a guess until there has been one. */
const OVERHEAD_MS = 250;

const WEIGHT_SILENT = 8;
const WEIGHT_SURFACED = 0.4;

/** A scenario on a build. */
export interface Case {
  readonly scenario: Scenario;
  readonly reverted: readonly Slug[];
  /** By CPU. */
  readonly roles: readonly Role[];
}

/** Whether the reverts are ones that the scenario shows, natively. */
const expectsFinding = ({ scenario, reverted }: Case): boolean =>
  scenario.native && scenario.fixedBy.some((slug) => reverted.includes(slug));

/** As the log has it. */
export function caseRecord(c: Case): CaseRecord {
  const { name, description, native, outcomes, goals } = c.scenario;
  const { reverted, roles } = c;
  return { name, description, reverted, expectsFinding: expectsFinding(c), native, outcomes, goals, roles };
}

/** What is told of a campaign that is under way. */
export interface CampaignState {
  readonly elapsedMs: number;
  readonly scenario: string;
  /** `patched` or `reverted` */
  readonly build: string;
  readonly round: number;
  readonly eventsPerSecond: number;
  /** Of the deterministic engine. */
  readonly schedules?: number;
  readonly surfaced: number;
  readonly toSurface: number;
  readonly findings: number;
}

/** The cases that the options ask for. */
export function chooseCases(options: Options, scenarios: readonly Scenario[]): Case[] {
  const { revert } = options;
  const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name));
  const make = (scenario: Scenario, reverted: readonly Slug[]): Case => ({
    scenario,
    reverted,
    roles: assignRoles(scenario, options.threads, options.roles),
  });
  return chosen.flatMap((scenario) => {
    if (revert.length > 0) return [make(scenario, revert)];
    const cases: Case[] = [];
    // What this machine cannot show is tried only when asked for by name.
    const worthReverting = scenario.fixedBy.length > 0 && (scenario.native || options.scenarioGiven);
    if (options.build !== 'patched' && worthReverting) cases.push(make(scenario, scenario.fixedBy));
    if (options.build !== 'reverted') cases.push(make(scenario, []));
    return cases;
  });
}

export class Campaign {
  private readonly options: Options;
  private readonly pool: Pool;
  private readonly cases: readonly Case[];
  private readonly recorder: Recorder;
  private readonly fold: RunFold;
  private readonly tell: (state: CampaignState) => void;
  private readonly stop: AbortSignal;
  private round = 0;
  private overheadMs = OVERHEAD_MS;

  /** @param cases - those of the fold, in the same order */
  constructor(
    options: Options,
    pool: Pool,
    cases: readonly Case[],
    recorder: Recorder,
    fold: RunFold,
    tell: (state: CampaignState) => void,
    stop: AbortSignal,
  ) {
    this.options = options;
    this.pool = pool;
    this.cases = cases;
    this.recorder = recorder;
    this.fold = fold;
    this.tell = tell;
    this.stop = stop;
  }

  /** Index of the case that gets the next round. */
  private next(): number {
    const { cases } = this.fold;
    const fresh = cases.findIndex((c) => c.rounds === 0);
    if (fresh >= 0) return fresh;
    const due = ({ info, elapsedMs, surfaced }: CaseFold): number =>
      elapsedMs / (info.expectsFinding ? (surfaced ? WEIGHT_SURFACED : WEIGHT_SILENT) : 1);
    return cases.reduce((a, c, i) => (due(c) < due(cases[a] as CaseFold) ? i : a), 0);
  }

  private runMs(): number {
    const perRound = this.options.durationMs / (this.cases.length * 3) - this.overheadMs;
    return Math.min(RUN_MAX_MS, Math.max(RUN_MIN_MS, perRound));
  }

  private enough(): boolean {
    if (this.stop.aborted) return true;
    // Those that a reverted build is to show do not count.
    const findings = this.unexpected();
    if (findings >= (this.options.failFast ? 1 : this.options.maxFindings)) return true;
    // A first round is worth being late for, but not by much.
    const left = this.options.durationMs - this.recorder.elapsedMs();
    const first = this.fold.cases.some((c) => c.rounds === 0);
    return left < (first ? -this.options.durationMs / 4 : this.runMs() / 2);
  }

  private unexpected(): number {
    return this.fold.cases.reduce((sum, c) => sum + c.unexpected().length, 0);
  }

  private report({ scenario, reverted }: Case): void {
    const { cases, progress } = this.fold;
    this.tell({
      elapsedMs: this.recorder.elapsedMs(),
      scenario: scenario.name,
      build: reverted.length === 0 ? 'patched' : 'reverted',
      round: this.round,
      eventsPerSecond: progress.ranMs === 0 ? 0 : (progress.events * 1000) / progress.ranMs,
      surfaced: cases.filter((c) => c.info.expectsFinding && c.surfaced).length,
      toSurface: cases.filter((c) => c.info.expectsFinding).length,
      findings: this.unexpected(),
    });
  }

  /** The workload of a case's n-th round is the same in every run with this seed; shards take turns. */
  private seedOf(index: number): number {
    const { seed, shard } = this.options;
    const before = (this.fold.cases[index] as CaseFold).rounds;
    const nth = shard === null ? before : before * shard.of + shard.index - 1;
    return mix32(seed ^ mix32(index * 65536 + nth));
  }

  async run(): Promise<void> {
    while (!this.enough()) {
      const index = this.next();
      const current = this.cases[index] as Case;
      const number = this.round++;
      this.report(current);
      const left = this.options.durationMs - this.recorder.elapsedMs();
      const seed = this.seedOf(index);
      this.recorder.begin(number, { ...current, index }, seed);
      const result = await runRound(this.pool, {
        scenario: current.scenario,
        reverted: current.reverted,
        number,
        seed,
        roles: current.roles,
        perturb: this.options.perturb,
        runMs: Math.max(RUN_MIN_MS, Math.min(this.runMs(), left)),
        stop: this.stop,
        watch: (view) => this.recorder.look(view),
      });
      this.recorder.end(result);
      this.pool.checkThreads();
      this.overheadMs = 0.8 * this.overheadMs + 0.2 * (result.elapsedMs - result.ranMs);
      this.report(current);
    }
  }
}

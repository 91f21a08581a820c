// SPDX-License-Identifier: GPL-2.0-only
/**
 * The campaign: which case gets the next round, until the time is up.
 *
 * Every case gets a round first. After that, whoever has had least time for its weight: a reverted build that has not
 * shown
 * its race weighs most, one that has shown it least.
 */
import { ktime_get } from '../src/arch/sab/clock.ts';
import { mix32 } from '../src/arch/sab/prng.ts';
import type { LockStat } from '../src/kernel/locking/lock_stat.ts';
import { readLockStat } from '../src/kernel/locking/lock_stat.ts';
import type { Slug } from '../src/reverts/registry.ts';
import { Case } from './case.ts';
import { Latencies } from './latencies.ts';
import { type Options, UsageError } from './options.ts';
import type { Pool } from './pool.ts';
import type { Latency } from './report/result.ts';
import { assignRoles } from './roles.ts';
import { runRound } from './round.ts';
import { minThreads, type Scenario } from './scenarios/scenario.ts';

/** Shortest and longest time that user space runs in a round, ms. */
const RUN_MIN_MS = 250;
const RUN_MAX_MS = 1000;
/** What a round costs beside the time that user space runs, ms; a guess until there has been one. */
const OVERHEAD_MS = 250;

const WEIGHT_SILENT = 8;
const WEIGHT_SURFACED = 0.4;

/** What is told of a campaign that is under way. */
export interface CampaignState {
  readonly elapsedMs: number;
  readonly scenario: string;
  /** `patched` or `reverted` */
  readonly build: string;
  readonly round: number;
  readonly eventsPerSecond: number;
  readonly surfaced: number;
  readonly toSurface: number;
  readonly findings: number;
}

export interface CampaignResult {
  readonly cases: readonly Case[];
  readonly locks: readonly LockStat[];
  readonly latency: Readonly<Record<string, Latency>>;
  readonly events: number;
  /** Time that user space ran, ms. */
  readonly ranMs: number;
  readonly elapsedMs: number;
}

/** The cases that the options ask for. @throws UsageError if a scenario needs more threads */
export function chooseCases(options: Options, scenarios: readonly Scenario[]): Case[] {
  const { revert } = options;
  const chosen = scenarios.filter(({ name, fixedBy }) =>
    options.scenarios.length > 0 ? options.scenarios.includes(name) : fixedBy.some((slug) => revert.includes(slug)),
  );
  const largest = chosen.reduce((a, b) => (minThreads(b) > minThreads(a) ? b : a), chosen[0] as Scenario);
  if (minThreads(largest) > options.threads) {
    throw new UsageError(
      'too-few-threads',
      `--threads ${options.threads} is too few, ${largest.name} needs at least ${minThreads(largest)}; ` +
        `type --threads ${minThreads(largest)}, or choose others by --scenario`,
    );
  }
  const make = (scenario: Scenario, reverted: readonly Slug[]): Case =>
    new Case(scenario, reverted, assignRoles(scenario, options.threads, options.roles));
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
  private readonly tell: (state: CampaignState) => void;
  private readonly stop: AbortSignal;
  private readonly latencies = new Latencies();
  private readonly startedNs = ktime_get();
  private round = 0;
  private ranMs = 0;
  private overheadMs = OVERHEAD_MS;

  constructor(
    options: Options,
    pool: Pool,
    cases: readonly Case[],
    tell: (state: CampaignState) => void,
    stop: AbortSignal,
  ) {
    this.options = options;
    this.pool = pool;
    this.cases = cases;
    this.tell = tell;
    this.stop = stop;
  }

  private elapsedMs(): number {
    return (ktime_get() - this.startedNs) / 1e6;
  }

  private next(): Case {
    const fresh = this.cases.find((c) => c.rounds === 0);
    if (fresh !== undefined) return fresh;
    const due = (c: Case): number =>
      c.elapsedMs / (c.expectsFinding ? (c.surfaced ? WEIGHT_SURFACED : WEIGHT_SILENT) : 1);
    return this.cases.reduce((a, b) => (due(b) < due(a) ? b : a));
  }

  private runMs(): number {
    const perRound = this.options.durationMs / (this.cases.length * 3) - this.overheadMs;
    return Math.min(RUN_MAX_MS, Math.max(RUN_MIN_MS, perRound));
  }

  private enough(): boolean {
    if (this.stop.aborted) return true;
    // Those that a reverted build is to show do not count.
    const findings = this.cases.reduce((sum, c) => sum + c.unexpected().length, 0);
    if (findings >= (this.options.failFast ? 1 : this.options.maxFindings)) return true;
    // A first round is worth being late for, but not by much.
    const left = this.options.durationMs - this.elapsedMs();
    const first = this.cases.some((c) => c.rounds === 0);
    return left < (first ? -this.options.durationMs / 4 : this.runMs() / 2);
  }

  private report(current: Case): void {
    this.tell({
      elapsedMs: this.elapsedMs(),
      scenario: current.scenario.name,
      build: current.reverted.length === 0 ? 'patched' : 'reverted',
      round: this.round,
      eventsPerSecond: this.ranMs === 0 ? 0 : (this.events() * 1000) / this.ranMs,
      surfaced: this.cases.filter((c) => c.expectsFinding && c.surfaced).length,
      toSurface: this.cases.filter((c) => c.expectsFinding).length,
      findings: this.cases.reduce((sum, c) => sum + c.unexpected().length, 0),
    });
  }

  private events(): number {
    return this.cases.reduce((sum, c) => sum + c.events, 0);
  }

  async run(): Promise<void> {
    while (!this.enough()) {
      const current = this.next();
      const number = this.round++;
      this.report(current);
      const startedMs = this.elapsedMs();
      const left = this.options.durationMs - startedMs;
      const runMs = Math.max(RUN_MIN_MS, Math.min(this.runMs(), left));
      const result = await runRound(this.pool, {
        scenario: current.scenario,
        reverted: current.reverted,
        number,
        // The workload of a case's n-th round is the same in every run with this seed.
        seed: mix32(this.options.seed ^ mix32(this.cases.indexOf(current) * 65536 + current.rounds)),
        roles: current.roles,
        perturb: this.options.perturb,
        runMs,
        stop: this.stop,
      });
      current.add(result, startedMs);
      this.ranMs += result.ranMs;
      this.overheadMs = 0.8 * this.overheadMs + 0.2 * (result.elapsedMs - result.ranMs);
      this.latencies.add(result.latency);
      this.report(current);
    }
  }

  result(): CampaignResult {
    return {
      cases: this.cases,
      locks: readLockStat(this.pool.machine.lockStat),
      latency: this.latencies.summary(),
      events: this.events(),
      ranMs: this.ranMs,
      elapsedMs: this.elapsedMs(),
    };
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * One round: boot, run, stop, settle, inspect, tear down, look for leaks.
 *
 * The main thread conducts it by the phase word and never blocks. It needs no help of a stuck thread: it sees who
 * sleeps on
 * what and who holds what in the machine's own words, and gives the round up when nobody gets on any more.
 */

import { ktime_get } from '../src/arch/sab/clock.ts';
import { ARRIVED, DEAD, PHASE, progressOf, setAborted } from '../src/arch/sab/control.ts';
import { unparkCpu } from '../src/arch/sab/park.ts';
import { Prng } from '../src/arch/sab/prng.ts';
import { wordLoad, wordNotify, wordStore, wordWaitAsync } from '../src/arch/sab/words.ts';
import { nullb_kick } from '../src/drivers/null_blk.ts';
import type { Perturbation } from '../src/init/hook.ts';
import { type OopsRecord, readOopsLog, snapshotCpus } from '../src/kernel/oops.ts';
import { rcu_kick } from '../src/kernel/rcu/tree.ts';
import { send_signal } from '../src/kernel/sched/core.ts';
import { workqueue_kick } from '../src/kernel/workqueue.ts';
import type { Slug } from '../src/reverts/registry.ts';
import { areaBytes } from '../workers/layout.ts';
import { Ledger } from '../workers/ledger.ts';
import { clearMeters, readOperations } from '../workers/meters.ts';
import {
  DAEMONS,
  PHASE_ABORTED,
  PHASE_ATTACH,
  PHASE_IDLE,
  PHASE_INSPECT,
  PHASE_RUN,
  PHASE_SETTLE,
  PHASE_SHUTDOWN,
  PHASE_STOP,
  PHASE_TEARDOWN,
  type Role,
  type RoundPlan,
} from '../workers/protocol.ts';
import { type Booted, bootRound } from './boot.ts';
import { describeHang } from './hang.ts';
import { lostEvents } from './oracles/events.ts';
import type { Inspection, Observation } from './oracles/inspection.ts';
import { leaks } from './oracles/leaks.ts';
import { strayMappings } from './oracles/mappings.ts';
import { quotaBalance } from './oracles/quota.ts';
import { oversleepers, overslept } from './oracles/sleepers.ts';
import { slotConservation } from './oracles/slots.ts';
import type { Pool } from './pool.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface RoundSpec {
  readonly scenario: Scenario;
  readonly reverted: readonly Slug[];
  readonly number: number;
  readonly seed: number;
  readonly roles: readonly Role[];
  readonly perturb: Perturbation;
  /** How long user space runs, ms. */
  readonly runMs: number;
  /** The run is interrupted: come to an end soon. */
  readonly stop: AbortSignal;
  /** Is shown the round some sixty times a second, whatever its phase, and when it is over. */
  readonly watch: (view: RoundView) => void;
}

/** A round that is under way, for who watches it. */
export interface RoundView {
  /** Whether user space runs. */
  readonly running: boolean;
  /** How long user space has run, and is to run, ms. */
  readonly ranMs: number;
  readonly runMs: number;
  /** ktime_get() of the boot */
  readonly bootTime: number;
  /** When user space began to run, since the boot, us; Infinity before. */
  readonly runsFromUs: number;
  /** address of the process's mm_struct */
  readonly mm: number;
  /** What the oracles and the watchdog have found; what the CPUs have is in the machine's log. */
  readonly observed: readonly OopsRecord[];
  /** Whether a CPU is out of the round already. */
  readonly isOut: (cpu: number) => boolean;
}

export interface RoundResult {
  readonly records: readonly OopsRecord[];
  readonly operations: Readonly<Record<string, number>>;
  /** How long user space ran, ms; less than was asked for where the round broke. */
  readonly ranMs: number;
  readonly elapsedMs: number;
  /** Whether it went to its end. */
  readonly whole: boolean;
}

/** A machine whose CPUs get nothing done for so long hangs, ms. */
const HANG_MS = 6000;
/** A thread that has just been started loads its code first: so long without an arrival is too long, ms. */
const ATTACH_MS = 25_000;
/** No phase may take longer than this, whatever gets on meanwhile, ms. */
const PHASE_MAX_MS = 60_000;
/** An interrupted run waits no longer than this for a phase, ms. */
const HURRY_MS = 300;
/** How long CPUs may take to come out of a round that is given up, ms. */
const ABORT_MS = 1500;
const TICK_MS = 15;
/** Most of the time between two ticks that counts as seen, ms. */
const GAP_MS = 250;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Round {
  protected readonly pool: Pool;
  protected readonly spec: RoundSpec;
  private readonly ledger: Ledger;
  protected readonly booted: Booted;
  protected readonly plan: RoundPlan;
  private readonly observed: OopsRecord[] = [];
  private readonly startedAt = ktime_get();
  protected ranMs = 0;
  private runsFromUs = Number.POSITIVE_INFINITY;

  constructor(pool: Pool, spec: RoundSpec) {
    this.pool = pool;
    this.spec = spec;
    const { machine } = pool;
    this.ledger = new Ledger(pool.ledger, machine.cpus);
    this.ledger.clear();
    clearMeters(pool.meters);
    const workload = spec.scenario.draw(new Prng(spec.seed));
    const area = areaBytes(this.ledger.entriesPerCpu, workload.bufferBytes) * machine.cpus;
    this.booted = bootRound(machine, workload, spec.roles, spec.reverted, spec.seed, area);
    this.plan = {
      round: spec.number,
      seed: spec.seed,
      reverted: spec.reverted,
      perturb: spec.perturb,
      bootTime: this.booted.bootTime,
      roles: spec.roles,
      leader: spec.roles.findIndex((role) => !DAEMONS.includes(role)),
      process: this.booted.process,
      disk: this.booted.disk,
      workload,
    };
  }

  /** Shows the round to who watches it. */
  protected show(running: boolean): void {
    const { booted, observed, ranMs, plan, pool, spec } = this;
    spec.watch({
      running,
      ranMs,
      runMs: spec.runMs,
      bootTime: booted.bootTime,
      runsFromUs: this.runsFromUs,
      mm: plan.process.mm,
      observed,
      isOut: (cpu) => pool.isOut(cpu),
    });
  }

  protected get control() {
    return this.pool.machine.control;
  }

  protected setPhase(phase: number): void {
    wordStore(this.control, ARRIVED, 0);
    wordStore(this.control, PHASE, phase);
    wordNotify(this.control, PHASE);
  }

  protected observe(where: string, { kind, title, text, objects }: Observation): void {
    this.observed.push({
      kind,
      title,
      text,
      objects,
      where,
      cpu: -1,
      role: 'oracle',
      us: (ktime_get() - this.booted.bootTime) / 1000,
      stack: [],
      cpus: snapshotCpus(12),
    });
  }

  protected inspection(): Inspection {
    return { plan: this.plan, ledger: this.ledger, books: this.spec.scenario.books };
  }

  /** Asks an oracle; one that trips over a broken kernel says nothing. */
  protected ask(where: string, oracle: () => Observation[]): void {
    try {
      for (const observation of oracle()) this.observe(where, observation);
    } catch (error) {
      this.observe(where, {
        kind: 'bug',
        title: 'the kernel’s data cannot be read any more',
        text: [String(error)],
        objects: [],
      });
    }
  }

  /** Whether a CPU is out of the round, or its thread dead. */
  private broken(): boolean {
    return wordLoad(this.control, DEAD) > 0 || this.pool.casualties().length > 0;
  }

  private progress(): number {
    let sum = 0;
    for (let cpu = 0; cpu < this.plan.roles.length; cpu++) sum += progressOf(cpu);
    return sum;
  }

  /** Waits until `count` CPUs have arrived. @returns false if the machine broke, or hangs, which is then recorded */
  protected async arrived(count: number, phase: string, nudge: () => void = () => {}): Promise<boolean> {
    const start = performanceNow();
    let seen = this.progress();
    let last = start;
    let standing = 0;
    for (;;) {
      const here = wordLoad(this.control, ARRIVED);
      if (here >= count) return true;
      if (this.broken()) return false;
      const now = performanceNow();
      if (this.spec.stop.aborted && now - start > HURRY_MS) return false;
      const progress = this.progress() + here;
      // A gap in our own ticks is a host that stood still, and the CPUs with it.
      standing = progress === seen ? standing + Math.min(now - last, GAP_MS) : 0;
      seen = progress;
      last = now;
      if (standing > (phase === 'attach' ? ATTACH_MS : HANG_MS) || now - start > PHASE_MAX_MS) {
        this.ask('watchdog', () => [describeHang(this.plan, phase)]);
        return false;
      }
      nudge();
      this.show(false);
      await wordWaitAsync(this.control, ARRIVED, here, TICK_MS);
    }
  }

  /** Lets user space run for its time, or until something breaks. */
  protected async run(): Promise<boolean> {
    this.runsFromUs = (ktime_get() - this.booted.bootTime) / 1000;
    this.setPhase(PHASE_RUN);
    const start = performanceNow();
    const until = start + this.spec.runMs;
    while (performanceNow() < until && !this.spec.stop.aborted) {
      this.ranMs = performanceNow() - start;
      if (this.broken()) return false;
      this.show(true);
      await sleep(Math.min(TICK_MS, Math.max(1, until - performanceNow())));
    }
    this.ranMs = performanceNow() - start;
    return true;
  }

  /** Looks for sleepers whose condition holds, for long enough to believe it. */
  protected async lookForOversleepers(): Promise<void> {
    const look = (): number[] => {
      try {
        return oversleepers(this.inspection());
      } catch {
        // Contexts still come and go.
        return [];
      }
    };
    await sleep(20);
    if (this.spec.stop.aborted) return;
    let suspects = look();
    for (let looks = 0; suspects.length > 0 && looks < 40; looks++) {
      await sleep(50);
      const still = look();
      suspects = suspects.filter((cpu) => still.includes(cpu));
    }
    for (const observation of overslept(this.inspection(), suspects)) this.observe('sleepers', observation);
  }

  /** All of a round that may break off. @returns whether it went to its end */
  private async play(): Promise<boolean> {
    const cpus = this.plan.roles.length;
    const users = this.plan.roles.filter((role) => !DAEMONS.includes(role)).length;
    this.pool.post(this.plan);
    this.setPhase(PHASE_ATTACH);
    if (!(await this.arrived(cpus, 'attach'))) return false;
    if (!(await this.run())) return false;

    this.setPhase(PHASE_STOP);
    await this.lookForOversleepers();
    const signal = (): void => {
      this.plan.roles.forEach((role, cpu) => {
        if (!DAEMONS.includes(role)) send_signal(cpu);
      });
    };
    if (!(await this.arrived(users, 'stop', signal))) return false;

    this.setPhase(PHASE_SETTLE);
    if (!(await this.arrived(1, 'settle'))) return false;

    this.setPhase(PHASE_INSPECT);
    this.ask('events', () => lostEvents(this.inspection()));
    this.ask('slots', () => slotConservation(this.inspection()));
    this.ask('quota', () => quotaBalance(this.inspection(), true));
    this.ask('mappings', () => strayMappings(this.inspection()));

    this.setPhase(PHASE_TEARDOWN);
    if (!(await this.arrived(1, 'teardown'))) return false;

    this.setPhase(PHASE_SHUTDOWN);
    const kick = (): void => {
      rcu_kick();
      workqueue_kick();
      nullb_kick();
    };
    return this.arrived(cpus, 'shutdown', kick);
  }

  /** Gets every CPU out of the round; those that do not come get fresh threads. */
  private async giveUp(): Promise<void> {
    setAborted(true);
    this.setPhase(PHASE_ABORTED);
    const until = performanceNow() + (this.spec.stop.aborted ? HURRY_MS : ABORT_MS);
    while (performanceNow() < until && this.pool.reports().some((report) => report === null)) {
      for (let cpu = 0; cpu < this.plan.roles.length; cpu++) unparkCpu(cpu);
      this.show(false);
      await sleep(TICK_MS);
    }
    for (const { cpu, why } of this.pool.casualties()) {
      this.observe('pool', {
        kind: 'thread:died',
        title: 'the thread of a CPU died',
        text: [`cpu ${cpu} (${this.plan.roles[cpu]}): ${why}`],
        objects: [],
      });
    }
    const lost = this.pool.reports().flatMap((report, cpu) => (report === null ? [cpu] : []));
    if (!this.spec.stop.aborted) await this.pool.replace(lost);
  }

  async execute(): Promise<RoundResult> {
    const whole = await this.play();
    if (whole) {
      // Reports come as messages, a moment after the arrival.
      const until = performanceNow() + ABORT_MS;
      while (performanceNow() < until && this.pool.reports().some((report) => report === null)) await sleep(1);
      this.ask('leaks', () => leaks(this.booted.pages));
      this.ask('quota', () => quotaBalance(this.inspection(), false));
    } else {
      await this.giveUp();
    }
    this.setPhase(PHASE_IDLE);
    this.show(false);
    return {
      records: [...readOopsLog(this.pool.machine.oops).records, ...this.observed],
      operations: readOperations(this.pool.meters),
      ranMs: this.ranMs,
      elapsedMs: (ktime_get() - this.startedAt) / 1e6,
      whole,
    };
  }
}

const performanceNow = (): number => ktime_get() / 1e6;

/** Runs a round to its end, however it ends. */
export const runRound = (pool: Pool, spec: RoundSpec): Promise<RoundResult> => new Round(pool, spec).execute();

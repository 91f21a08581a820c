// SPDX-License-Identifier: GPL-2.0-only
/**
 * One round: boot, run, stop, settle, inspect, tear down, look for leaks.
 *
 * The main thread conducts it by the phase word and never blocks. It needs no help from a stuck thread: it sees in the
 * machine's own words who sleeps on what and who holds what. A round in which nothing can happen any more is a hang;
 * one whose threads get no time on a core is given up without a verdict (watchdog.ts).
 */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { ARRIVED, DEAD, PHASE, progressOf, setAborted, sleepsOf, sleepsUntimed } from '../../src/arch/sab/control.ts';
import { unparkCpu } from '../../src/arch/sab/park.ts';
import { Prng } from '../../src/arch/sab/prng.ts';
import { isInDoubt, isStill, sayIfQuiet } from '../../src/arch/sab/stillness.ts';
import { wordLoad, wordNotify, wordStore, wordWaitAsync } from '../../src/arch/sab/words.ts';
import { nullb_kick } from '../../src/drivers/null_blk.ts';
import type { Perturbation } from '../../src/init/hook.ts';
import { type OopsRecord, readOopsLog, snapshotCpus } from '../../src/kernel/oops.ts';
import { rcu_kick } from '../../src/kernel/rcu/tree.ts';
import { send_signal } from '../../src/kernel/sched/core.ts';
import { workqueue_kick } from '../../src/kernel/workqueue.ts';
import type { Build } from '../../src/reverts/registry.ts';
import { areaBytes } from '../../workers/layout.ts';
import { Ledger } from '../../workers/ledger.ts';
import { clearMeters, readOperations } from '../../workers/meters.ts';
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
} from '../../workers/protocol.ts';
import { lostEvents } from '../oracles/events.ts';
import { describeHang } from '../oracles/hang.ts';
import type { Inspection, Observation } from '../oracles/inspection.ts';
import { leaks } from '../oracles/leaks.ts';
import { strayMappings } from '../oracles/mappings.ts';
import { quotaBalance } from '../oracles/quota.ts';
import { oversleepers, overslept } from '../oracles/sleepers.ts';
import { slotConservation } from '../oracles/slots.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { type Booted, bootRound } from './boot.ts';
import type { Pool } from './pool.ts';
import { GracePeriod } from './quiescence.ts';
import { CpuTimes, hadChance, ObservedTime, type Standstill, Watchdog } from './watchdog.ts';

export interface RoundSpec extends Build {
  readonly scenario: Scenario;
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
  /** Why it was given up without a verdict: the machine was too busy. Null if it was not. */
  readonly inconclusive: string | null;
}

/** An interrupted run waits no longer than this for a phase, ms. */
const HURRY_MS = 300;
/** How long CPUs that get time on a core may take to come out of a round that is given up, ms; and any others. */
const ABORT_MS = 1500;
const ABORT_MAX_MS = 20_000;
/** Time on a core in which a CPU comes out of a round, or does not. */
const ABORT_CHANCE = { ns: 0.5e9, slices: 300 };
const TICK_MS = 15;
/** How long a sleeper may be under suspicion without a proof, ms. */
const SUSPICION_MS = 10_000;

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
  protected inconclusive: string | null = null;

  constructor(pool: Pool, spec: RoundSpec) {
    this.pool = pool;
    this.spec = spec;
    const { machine } = pool;
    this.ledger = new Ledger(pool.ledger, machine.cpus);
    this.ledger.clear();
    clearMeters(pool.meters);
    const workload = spec.scenario.draw(new Prng(spec.seed));
    const area = areaBytes(this.ledger.entriesPerCpu, workload.bufferBytes) * machine.cpus;
    this.booted = bootRound(machine, workload, spec.roles, spec, spec.seed, area);
    this.plan = {
      round: spec.number,
      seed: spec.seed,
      reverted: spec.reverted,
      applied: spec.applied,
      rcu: spec.rcu,
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
      address: null,
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

  /** @param except - a CPU that only looks */
  private progress(except: number): number {
    let sum = 0;
    for (let cpu = 0; cpu < this.plan.roles.length; cpu++) if (cpu !== except) sum += progressOf(cpu);
    return sum;
  }

  /** A phase does not end: that is a finding, or says nothing. */
  protected standstill(phase: string, found: Standstill): void {
    if (found.hang) this.ask('watchdog', () => [describeHang(this.plan, phase)]);
    else this.inconclusive = found.reason;
  }

  /**
   * Waits until `count` CPUs have arrived.
   *
   * @param nudge - is called between two looks
   * @param onlooker - a CPU that goes on looking until it is told that nothing happens any more; -1 if there is none
   * @returns false if the machine broke, or does not get there
   */
  protected async arrived(count: number, phase: string, nudge = (): void => {}, onlooker = -1): Promise<boolean> {
    const start = performanceNow();
    const cpus = this.plan.roles.length;
    const watchdog = new Watchdog(cpus, phase);
    for (;;) {
      const here = wordLoad(this.control, ARRIVED);
      if (here >= count) return true;
      if (this.broken()) return false;
      if (this.spec.stop.aborted && performanceNow() - start > HURRY_MS) return false;
      const found = watchdog.look(this.progress(onlooker) + here);
      if (found !== null) {
        this.standstill(phase, found);
        return false;
      }
      if (onlooker >= 0) sayIfQuiet(cpus, onlooker);
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
    // Where nothing can happen any more, the time that is left is lost.
    for (let still = 0; performanceNow() < until && still < 2 && !this.spec.stop.aborted; ) {
      this.ranMs = performanceNow() - start;
      if (this.broken()) return false;
      still = isStill(this.plan.roles.length) ? still + 1 : 0;
      this.show(true);
      await sleep(Math.min(TICK_MS, Math.max(1, until - performanceNow())));
    }
    this.ranMs = performanceNow() - start;
    return true;
  }

  /**
   * Looks for sleepers whose condition holds. One look proves nothing: the wake-up may be on its way. But whoever
   * sends it is in the kernel, so when each CPU has been out of there and the sleeper still sleeps, it is lost.
   */
  protected async lookForOversleepers(): Promise<void> {
    const cpus = this.plan.roles.length;
    const look = (): number[] => {
      try {
        // Who is not asleep yet has still to test the condition.
        return oversleepers(this.inspection()).filter((cpu) => sleepsUntimed(cpu) && !isInDoubt(cpu));
      } catch {
        // Contexts still come and go.
        return [];
      }
    };
    const suspects = new Map<number, { readonly sleeps: number; readonly others: GracePeriod }>();
    const observed = new ObservedTime();
    let proven: number[];
    do {
      await sleep(20);
      observed.look();
      if (this.spec.stop.aborted || this.broken()) return;
      // Before the look: who sends a wake-up after it has not been out since.
      const over = [...suspects].flatMap(([cpu, { others }]) => (others.isOver() ? [cpu] : []));
      const found = look();
      for (const [cpu, { sleeps }] of suspects)
        if (!found.includes(cpu) || sleepsOf(cpu) !== sleeps) suspects.delete(cpu);
      proven = over.filter((cpu) => suspects.has(cpu));
      for (const cpu of found)
        if (!suspects.has(cpu)) suspects.set(cpu, { sleeps: sleepsOf(cpu), others: new GracePeriod(cpus, cpu) });
    } while (observed.ms < SUSPICION_MS && suspects.size > proven.length);
    for (const observation of overslept(this.inspection(), proven)) this.observe('sleepers', observation);
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
    if (!(await this.arrived(1, 'settle', () => {}, this.plan.leader))) return false;

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

  /** Waits until every CPU is out of a round that has been given up, or has had the time for it. */
  private async untilOut(): Promise<void> {
    const cpus = this.plan.roles.length;
    const observed = new ObservedTime();
    const times = new CpuTimes(cpus);
    for (;;) {
      const late = this.pool.reports().flatMap((report, cpu) => (report === null ? [cpu] : []));
      if (late.length === 0) return;
      observed.look();
      if (observed.ms > (this.spec.stop.aborted ? HURRY_MS : ABORT_MAX_MS)) return;
      if (observed.ms > ABORT_MS) {
        const had = times.since();
        if (late.every((cpu) => this.pool.isOut(cpu) || hadChance(had[cpu] ?? null, ABORT_CHANCE))) return;
      }
      for (let cpu = 0; cpu < cpus; cpu++) unparkCpu(cpu);
      this.show(false);
      await sleep(TICK_MS);
    }
  }

  /** Gets every CPU out of the round; those that do not come get fresh threads. */
  private async giveUp(): Promise<void> {
    setAborted(true);
    this.setPhase(PHASE_ABORTED);
    await this.untilOut();
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
      inconclusive: this.inconclusive,
    };
  }
}

const performanceNow = (): number => ktime_get() / 1e6;

/** Runs a round to its end, however it ends. */
export const runRound = (pool: Pool, spec: RoundSpec): Promise<RoundResult> => new Round(pool, spec).execute();

// SPDX-License-Identifier: GPL-2.0-only
/**
 * A round under a schedule: the same boot, roles, phases and oracles as on free threads, with one CPU running at a
 * time.
 *
 * The operator gets the baton when all that it waits for have arrived, when nobody can run, when the round has taken
 * its steps, and when something was found. Nothing moves meanwhile, so that a look at the machine is proof.
 */
import { setVirtualClock } from '../../src/arch/sab/clock.ts';
import { ARRIVED, PHASE } from '../../src/arch/sab/control.ts';
import { setHook } from '../../src/arch/sab/memory.ts';
import { wordLoad, wordNotify, wordStore, wordWaitAsync } from '../../src/arch/sab/words.ts';
import { DetCpu } from '../../src/det/det_cpu.ts';
import {
  ARRIVED_ALL,
  CLOCK,
  type DetBuffers,
  DetState,
  FOUND,
  MEMORIES,
  type Memory,
  NOBODY_CAN,
  RUNNABLE,
  STEPS_DONE,
  WAITING,
} from '../../src/det/state.ts';
import { signsOf } from '../../src/init/signs.ts';
import { send_signal } from '../../src/kernel/sched/core.ts';
import { DAEMONS, PHASE_ABORTED, PHASE_RUN } from '../../workers/protocol.ts';
import { describeHang } from '../oracles/hang.ts';
import { oversleepers, overslept } from '../oracles/sleepers.ts';
import type { Pool } from '../round/pool.ts';
import { Round, type RoundResult, type RoundSpec } from '../round/round.ts';
import { BatonWatchdog } from '../round/watchdog.ts';
import { type Chosen, type Decision, prepare, recorded } from './schedule/words.ts';

/** Steps after those of the run in which a round must come to its end. */
const END_STEPS = 2_000_000;

export interface DetSpec extends RoundSpec {
  readonly how: Chosen;
  /** Steps that user space runs. */
  readonly maxSteps: number;
}

export interface DetResult extends RoundResult {
  readonly steps: number;
  readonly points: number;
  readonly switches: number;
  /** Over all steps: the same for the same schedule. */
  readonly hash: number;
  /** When plain stores were seen by others. */
  readonly memory: Memory;
  /** Where it left the default schedule. */
  readonly decisions: readonly Decision[];
  /** Whether it ended because its steps were used up, not because all was done. */
  readonly bounded: boolean;
}

class DetRound extends Round {
  private readonly det: DetBuffers;
  private readonly state: DetState;
  private readonly operator: DetCpu;
  private readonly maxSteps: number;
  private bounded = false;

  constructor(pool: Pool, det: DetBuffers, spec: DetSpec) {
    super(pool, spec);
    this.det = det;
    this.state = new DetState(det);
    this.maxSteps = spec.maxSteps;
    this.operator = new DetCpu(pool.threads, det, signsOf(pool.machine, det), null);
    // What the operator wakes in the kernel wakes under the schedule.
    setHook(this.operator);
  }

  protected override setPhase(phase: number): void {
    wordStore(this.control, ARRIVED, 0);
    wordStore(this.control, PHASE, phase);
    for (let cpu = 0; cpu < this.state.round.cpus; cpu++) {
      const its = this.state.cpu(cpu);
      if (its.state === WAITING && its.awaited <= phase) its.state = RUNNABLE;
    }
    if (phase === PHASE_ABORTED) this.abort();
    else wordNotify(this.control, PHASE);
  }

  /** Sends every CPU out of the round. */
  private abort(): void {
    const { words } = this.det;
    this.state.round.abort = 1;
    for (let cpu = 0; cpu < this.state.round.cpus; cpu++) {
      const { $go } = this.state.cpu(cpu);
      wordStore(words, $go, 1);
      wordNotify(words, $go);
    }
    wordNotify(this.control, PHASE);
  }

  /** Gives the baton away, and waits until it is back. @returns why it came back */
  private async letRun(): Promise<number> {
    const { words } = this.det;
    const { round } = this.state;
    const { $go } = this.state.cpu(round.cpus);
    if (this.operator.start()) {
      const watchdog = new BatonWatchdog(this.pool.threads);
      while (wordLoad(words, $go) === 0) {
        await wordWaitAsync(words, $go, 0, 200);
        this.pool.checkThreads();
        const found = watchdog.look(round.steps);
        if (found === null || wordLoad(words, $go) !== 0) continue;
        this.standstill('that never gives the baton back', found);
        return FOUND;
      }
      words[$go] = 0;
    }
    return round.why;
  }

  protected override async run(): Promise<boolean> {
    const { round } = this.state;
    round.max_steps = this.maxSteps;
    round.needed = 0;
    this.setPhase(PHASE_RUN);
    const why = await this.letRun();
    this.bounded = why === STEPS_DONE;
    round.max_steps = round.steps + END_STEPS;
    this.ranMs = (this.det.times[CLOCK] as number) / 1e6;
    return why === STEPS_DONE || why === NOBODY_CAN;
  }

  /** Nobody can run, or nobody needs to: who sleeps although what he waits for is there will never wake. */
  protected override async lookForOversleepers(): Promise<void> {
    if (this.bounded) return;
    for (const seen of overslept(this.inspection(), oversleepers(this.inspection()))) this.observe('sleepers', seen);
  }

  protected override async arrived(count: number, phase: string, nudge: () => void = () => {}): Promise<boolean> {
    if (phase === 'attach') return super.arrived(count, phase);
    const { round } = this.state;
    round.needed = count;
    for (let idle = -1; ; ) {
      nudge();
      if (phase === 'stop') this.signalAll();
      const why = await this.letRun();
      if (why === ARRIVED_ALL) {
        round.needed = 0;
        return true;
      }
      const { steps } = round;
      if (why !== NOBODY_CAN || steps === idle) {
        if (why === NOBODY_CAN || why === STEPS_DONE) this.ask('watchdog', () => [describeHang(this.plan, phase)]);
        return false;
      }
      idle = steps;
    }
  }

  private signalAll(): void {
    this.plan.roles.forEach((role, cpu) => {
      if (!DAEMONS.includes(role)) send_signal(cpu);
    });
  }

  async play_(): Promise<DetResult> {
    const result = await this.execute();
    const { steps, points, switches, hash, memory } = this.state.round;
    return {
      ...result,
      steps,
      points,
      switches,
      hash: hash >>> 0,
      memory: MEMORIES[memory] ?? 'sc',
      decisions: recorded(this.det),
      bounded: this.bounded,
    };
  }
}

/** Runs one schedule to its end, however it ends. @param pool - a deterministic one */
export async function runSchedule(pool: Pool, spec: DetSpec): Promise<DetResult> {
  const { det } = pool;
  if (det === null) throw new Error('a schedule needs a pool whose threads run one at a time');
  prepare(det, pool.threads, spec.how);
  setVirtualClock(() => det.times[CLOCK] as number);
  try {
    return await new DetRound(pool, det, spec).play_();
  } finally {
    setHook(null);
    setVirtualClock(null);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** One round on the host's kernel: run, stop, settle, look, tear down. Conducted by the main thread of its process. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Piscina } from 'piscina';
import { sched_clock } from '../../../src/arch/sab/clock.ts';
import { ARRIVED, attachControl, createControl, PHASE, progressOf, threadOf } from '../../../src/arch/sab/control.ts';
import { wordLoad, wordNotify, wordStore, wordWaitAsync } from '../../../src/arch/sab/words.ts';
import { attachOopsLog, createOopsLog, type OopsRecord, readOopsLog, record } from '../../../src/kernel/oops.ts';
import { createLedger, Ledger } from '../../../workers/ledger.ts';
import { createMeters, readOperations } from '../../../workers/meters.ts';
import {
  PHASE_INSPECT,
  PHASE_RUN,
  PHASE_SETTLE,
  PHASE_SHUTDOWN,
  PHASE_STOP,
  PHASE_TEARDOWN,
  type UserPlan,
} from '../../../workers/protocol.ts';
import { lostEvents } from '../../oracles/events.ts';
import { Watchdog } from '../../round/watchdog.ts';
import { type Native, NR } from '../kernel/native.ts';
import type { HostTask } from './host_cpu.ts';
import { ENTRIES_PER_CPU, type HostStage } from './host_kernel.ts';
import type { EarlyEnd } from './plan.ts';
import { Sleepers } from './sleepers.ts';

const TICK_MS = 15;
/** Ends a system call early; this process has a handler, which does nothing. */
const SIGUSR2 = 12;

/** What the rounds of a run share. */
export interface HostThreads {
  readonly native: Native;
  readonly pool: Piscina;
  /** Which function of its entry a thread runs. */
  readonly handler: string;
  readonly stage: HostStage;
  /** See Sleepers. */
  readonly forGoodMs: number;
}

export interface HostRoundResult {
  readonly findings: readonly OopsRecord[];
  readonly operations: Readonly<Record<string, number>>;
  readonly early: EarlyEnd;
}

/** Rings must be gone with their contexts. */
function lookForMappings(): void {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const text = maps.filter((line) => line.includes('[aio]')).slice(0, 4);
  if (text.length > 0) record({ kind: 'leak:mapping', title: 'rings of destroyed contexts are mapped', text });
}

export class HostRound {
  private readonly threads: HostThreads;
  private readonly shared: Omit<HostTask, 'cpu'>;
  private readonly all: number;
  private early: EarlyEnd = null;
  /** What a thread has thrown. */
  private failure: { readonly error: unknown } | null = null;

  constructor(threads: HostThreads, plan: UserPlan) {
    const { stage } = threads;
    this.threads = threads;
    this.all = plan.roles.length;
    this.shared = {
      plan,
      stage,
      control: createControl(stage.cpus),
      oops: createOopsLog(),
      ledger: createLedger(stage.cpus, ENTRIES_PER_CPU),
      meters: createMeters(stage.cpus),
    };
    attachControl(this.shared.control);
    attachOopsLog(this.shared.oops, sched_clock(), plan.roles);
  }

  private begin(phase: number): void {
    wordStore(this.shared.control, ARRIVED, 0);
    wordStore(this.shared.control, PHASE, phase);
    wordNotify(this.shared.control, PHASE);
  }

  /** Waits until `count` threads have arrived. @returns false if they do not get there */
  private async arrived(count: number, phase: string, nudge = (): void => {}): Promise<boolean> {
    const { control, plan } = this.shared;
    const sleepers = new Sleepers(plan.roles, this.threads.forGoodMs);
    const watchdog = new Watchdog(this.all, `the phase '${phase}'`, undefined, sleepers);
    for (;;) {
      const here = wordLoad(control, ARRIVED);
      if (this.failure !== null) throw this.failure.error;
      if (here >= count) return true;
      const found = watchdog.look(plan.roles.reduce((sum, _, cpu) => sum + progressOf(cpu), here));
      if (found !== null) {
        const reason = found.hang ? `the phase '${phase}' does not end: ${sleepers.text()}` : found.reason;
        this.early = { hang: found.hang, reason };
        return false;
      }
      nudge();
      await wordWaitAsync(control, ARRIVED, here, TICK_MS);
    }
  }

  /** Wakes those that sleep in io_getevents(). */
  private readonly signal = (): void => {
    for (let cpu = 0; cpu < this.all; cpu++)
      this.threads.native.syscall(NR.tgkill, process.pid, threadOf(cpu), SIGUSR2);
  };

  private async play(runMs: number): Promise<boolean> {
    if (!(await this.arrived(this.all, 'start'))) return false;
    this.begin(PHASE_RUN);
    await sleep(runMs);
    this.begin(PHASE_STOP);
    if (!(await this.arrived(this.all, 'stop', this.signal))) return false;
    this.begin(PHASE_SETTLE);
    if (!(await this.arrived(1, 'settle'))) return false;
    this.begin(PHASE_INSPECT);
    for (const lost of lostEvents({ ledger: new Ledger(this.shared.ledger, this.all), books: true })) record(lost);
    this.begin(PHASE_TEARDOWN);
    if (!(await this.arrived(1, 'teardown'))) return false;
    lookForMappings();
    return true;
  }

  /** @param runMs - how long the threads run @throws what a thread has thrown */
  async execute(runMs: number): Promise<HostRoundResult> {
    const { pool, handler: name } = this.threads;
    const played = this.shared.plan.roles.map((_, cpu) =>
      pool.run({ ...this.shared, cpu } satisfies HostTask, { name }).catch((error) => {
        this.failure ??= { error };
      }),
    );
    if (await this.play(runMs)) {
      this.begin(PHASE_SHUTDOWN);
      await Promise.all(played);
      if (this.failure !== null) throw this.failure.error;
    }
    const { oops, meters } = this.shared;
    return { findings: readOopsLog(oops).records, operations: readOperations(meters), early: this.early };
  }
}

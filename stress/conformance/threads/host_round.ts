// SPDX-License-Identifier: GPL-2.0-only
/** One round on the host's kernel: run, stop, settle, look, tear down. Conducted by the main thread of its process. */
import { readFileSync } from 'node:fs';
import type { Piscina } from 'piscina';
import { ktime_get, sched_clock } from '../../../src/arch/sab/clock.ts';
import { ARRIVED, attachControl, createControl, PHASE, progressOf, threadOf } from '../../../src/arch/sab/control.ts';
import { type Words, wordLoad, wordNotify, wordStore, wordWaitAsync } from '../../../src/arch/sab/words.ts';
import { attachOopsLog, createOopsLog, type OopsRecord, readOopsLog } from '../../../src/kernel/oops.ts';
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
import type { Observation } from '../../oracles/inspection.ts';
import { Watchdog } from '../../watchdog.ts';
import { type Native, NR } from '../native.ts';
import type { HostTask } from './host_cpu.ts';
import { ENTRIES_PER_CPU, type HostStage } from './host_kernel.ts';
import type { EarlyEnd } from './plan.ts';
import { Sleepers } from './sleepers.ts';

const TICK_MS = 15;
/** Ends a system call early; this process has a handler, which does nothing. */
const SIGUSR2 = 12;

export interface HostThreads {
  readonly native: Native;
  readonly pool: Piscina;
  /** What of its entry a thread runs. */
  readonly handler: string;
  readonly stage: HostStage;
  /** See Sleepers. */
  readonly forGoodMs: number;
}

export interface HostRoundResult {
  readonly records: readonly OopsRecord[];
  readonly operations: Readonly<Record<string, number>>;
  readonly early: EarlyEnd;
}

/** Rings that are mapped though each context has been destroyed. */
function mappings(): Observation[] {
  const left = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('[aio]'));
  if (left.length === 0) return [];
  const title = 'rings of destroyed contexts are mapped';
  return [{ kind: 'leak:mapping', title, text: left.slice(0, 4), objects: [] }];
}

export class HostRound {
  private readonly threads: HostThreads;
  private readonly plan: UserPlan;
  private readonly control: Words;
  private readonly ledger: Words;
  private readonly meters;
  private readonly oops = createOopsLog();
  private readonly observed: OopsRecord[] = [];
  private readonly startedAt = ktime_get();
  private early: EarlyEnd = null;
  /** What a thread has thrown. */
  private failure: { readonly error: unknown } | null = null;

  constructor(threads: HostThreads, plan: UserPlan) {
    const { cpus } = threads.stage;
    this.threads = threads;
    this.plan = plan;
    this.control = createControl(cpus);
    this.ledger = createLedger(cpus, ENTRIES_PER_CPU);
    this.meters = createMeters(cpus);
    attachControl(this.control);
    attachOopsLog(this.oops, sched_clock(), plan.roles);
  }

  private begin(phase: number): void {
    wordStore(this.control, ARRIVED, 0);
    wordStore(this.control, PHASE, phase);
    wordNotify(this.control, PHASE);
  }

  private observe(where: string, observations: readonly Observation[]): void {
    const us = (ktime_get() - this.startedAt) / 1000;
    const fixed = { where, cpu: -1, role: 'oracle', us, address: null, stack: [], cpus: [] };
    this.observed.push(...observations.map((observation) => ({ ...fixed, ...observation })));
  }

  /** Waits until `count` threads have arrived. @returns false if they do not get there */
  private async arrived(count: number, phase: string, nudge = (): void => {}): Promise<boolean> {
    const { roles } = this.plan;
    const sleepers = new Sleepers(roles, this.threads.forGoodMs);
    const watchdog = new Watchdog(roles.length, `the phase '${phase}'`, undefined, sleepers);
    for (;;) {
      const here = wordLoad(this.control, ARRIVED);
      if (this.failure !== null) throw this.failure.error;
      if (here >= count) return true;
      const found = watchdog.look(roles.reduce((sum, _, cpu) => sum + progressOf(cpu), here));
      if (found !== null) {
        const reason = found.hang ? `the phase '${phase}' does not end: ${sleepers.text()}` : found.reason;
        this.early = { hang: found.hang, reason };
        return false;
      }
      nudge();
      await wordWaitAsync(this.control, ARRIVED, here, TICK_MS);
    }
  }

  /** Wakes those that sleep in io_getevents(). */
  private readonly signal = (): void => {
    this.plan.roles.forEach((_, cpu) => {
      this.threads.native.syscall(NR.tgkill, process.pid, threadOf(cpu), SIGUSR2);
    });
  };

  private async play(runMs: number): Promise<boolean> {
    const all = this.plan.roles.length;
    if (!(await this.arrived(all, 'start'))) return false;
    this.begin(PHASE_RUN);
    await new Promise((resolve) => setTimeout(resolve, runMs));
    this.begin(PHASE_STOP);
    if (!(await this.arrived(all, 'stop', this.signal))) return false;
    this.begin(PHASE_SETTLE);
    if (!(await this.arrived(1, 'settle'))) return false;
    this.begin(PHASE_INSPECT);
    this.observe('events', lostEvents({ ledger: new Ledger(this.ledger, all), books: true }));
    this.begin(PHASE_TEARDOWN);
    if (!(await this.arrived(1, 'teardown'))) return false;
    this.observe('mappings', mappings());
    return true;
  }

  /** @param runMs - how long the threads run @throws what a thread has thrown */
  async execute(runMs: number): Promise<HostRoundResult> {
    const { pool, stage, handler: name } = this.threads;
    const { plan, control, oops, ledger, meters } = this;
    const played = plan.roles.map((_, cpu) =>
      pool.run({ cpu, plan, stage, control, oops, ledger, meters } satisfies HostTask, { name }).catch((error) => {
        this.failure ??= { error };
      }),
    );
    if (await this.play(runMs)) {
      this.begin(PHASE_SHUTDOWN);
      await Promise.all(played);
      if (this.failure !== null) throw this.failure.error;
    }
    const records = [...readOopsLog(oops).records, ...this.observed];
    return { records, operations: readOperations(meters), early: this.early };
  }
}

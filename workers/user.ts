// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space on one CPU: its turns and pauses, its system calls with their latencies and counts.
 *
 * Everything here knows the API's promises and nothing of the kernel's insides. What breaks a promise is recorded at
 * once.
 */
import { sched_clock } from '../src/arch/sab/clock.ts';
import { currentPhase, noteProgress } from '../src/arch/sab/control.ts';
import { Prng } from '../src/arch/sab/prng.ts';
import type { ObjectRef } from '../src/kernel/object_ref.ts';
import { type FindingKind, record } from '../src/kernel/oops.ts';
import { SegmentationFault } from '../src/user/event.ts';
import { Batch } from './batch.ts';
import { FreedBuffers } from './freed_buffers.ts';
import type { Kernel } from './kernel.ts';
import { Area } from './layout.ts';
import { type Ledger, ownerOf, PRIVATE_SLOT } from './ledger.ts';
import { type Meter, SYSCALLS, type Syscall } from './meters.ts';
import { PHASE_STOP, type UserPlan } from './protocol.ts';

const numberOf = (call: Syscall): number => SYSCALLS.indexOf(call);
const IO_SETUP = numberOf('io_setup');
const IO_DESTROY = numberOf('io_destroy');
const IO_SUBMIT = numberOf('io_submit');
const IO_GETEVENTS = numberOf('io_getevents');
const IO_CANCEL = numberOf('io_cancel');

/** Threads with few turns begin at a multiple of this. */
const BEGIN_NS = 1_000_000;

/** One CPU's user space. Roles that need more of the kernel than Kernel has say of which one they are. */
export class User<K extends Kernel = Kernel> {
  readonly cpu: number;
  readonly plan: UserPlan;
  readonly kernel: K;
  readonly prng: Prng;
  readonly ledger: Ledger;
  readonly area: Area;
  readonly batch: Batch;
  readonly freed: FreedBuffers;
  /** Owner of requests on contexts that this thread keeps to itself. */
  readonly self: number;
  private readonly meter: Meter;
  private turn = 0;

  /** @param area - user address of its memory, areaBytes() long */
  constructor(cpu: number, plan: UserPlan, kernel: K, ledger: Ledger, meter: Meter, area: number) {
    this.cpu = cpu;
    this.plan = plan;
    this.kernel = kernel;
    this.prng = new Prng(plan.seed * 31 + cpu);
    this.ledger = ledger;
    this.area = new Area(area, ledger.entriesPerCpu);
    this.batch = new Batch(this);
    this.freed = new FreedBuffers(this);
    this.self = ownerOf(PRIVATE_SLOT, cpu);
    this.meter = meter;
  }

  /** The same thread in another process, with its memory at `area`. */
  at(area: number): User<K> {
    return new User(this.cpu, this.plan, this.kernel, this.ledger, this.meter, area);
  }

  count(name: string, n = 1): void {
    this.meter.count(name, n);
  }

  /** Says that this thread gets on. */
  progress(): void {
    noteProgress(this.cpu);
  }

  finding(kind: FindingKind, title: string, text: readonly string[], objects: readonly ObjectRef[] = []): void {
    record({ kind, title, text, objects });
  }

  // Turns and pauses.

  /** Whether the round goes on. */
  running(): boolean {
    return currentPhase() < PHASE_STOP;
  }

  /** Whether the round goes on, and this thread has a turn left; takes one. */
  takeTurn(): boolean {
    const { turns } = this.plan.workload;
    return this.running() && (turns === 0 || this.turn++ < turns);
  }

  /** Takes turns until the round ends. @param mayFault - whether SIGSEGV ends the turn only */
  turns(turn: (user: User<K>) => void, mayFault = false): void {
    while (this.takeTurn()) {
      try {
        turn(this);
      } catch (error) {
        if (!mayFault || !(error instanceof SegmentationFault)) throw error;
        this.count('SIGSEGV');
      }
      this.rest();
    }
  }

  /** Does nothing for up to `us`. In user mode: quiescent. */
  pause(us: number): void {
    if (us > 0) this.kernel.idle(this.prng.below(us) * 1000);
  }

  /** Before the first turn: threads with few of them wait for each other, and for the contexts to be opened. */
  begin(): void {
    if (this.plan.workload.turns > 0) this.kernel.idle(BEGIN_NS - (sched_clock() % BEGIN_NS));
  }

  /** There was no context to use. Of a few turns none is spent on that: it has only not been opened yet. */
  awaitContext(): void {
    if (this.plan.workload.turns === 0) {
      this.pause(200);
      return;
    }
    this.turn--;
    this.begin();
  }

  /** The pause that the workload gives this role between two steps. */
  rest(): void {
    const role = this.plan.roles[this.cpu];
    const us = role === undefined ? 0 : (this.plan.workload.pauseUs[role] ?? 0);
    if (us > 0) this.pause(us);
  }

  // System calls.

  private timed(call: number, start: number): void {
    this.meter.time(call, sched_clock() - start);
    noteProgress(this.cpu);
  }

  /** @returns the handle, or -errno */
  setup(nrEvents: number): number {
    const { kernel, area } = this;
    kernel.poke(area.scratch, 0);
    kernel.poke(area.scratch + 4, 0);
    const start = sched_clock();
    const ret = kernel.io_setup(nrEvents, area.scratch);
    this.timed(IO_SETUP, start);
    this.count(ret === 0 ? 'setup' : 'setup failed');
    return ret === 0 ? kernel.handleAt(area.scratch) : ret;
  }

  /** Makes a context as large as the workload draws it. @returns the handle, or -errno */
  setupDrawn(): number {
    const { nrEventsMin, nrEventsMax } = this.plan.workload;
    const ctx = this.setup(this.prng.between(nrEventsMin, nrEventsMax));
    if (ctx < 0) this.pause(1000);
    return ctx;
  }

  destroy(ctx: number): number {
    const start = sched_clock();
    const ret = this.kernel.io_destroy(ctx);
    this.timed(IO_DESTROY, start);
    this.count(ret === 0 ? 'destroyed' : 'destroy refused');
    return ret;
  }

  /** Submits the first `n` iocbs that `area.pointers` points to. */
  submit(ctx: number, n: number): number {
    const start = sched_clock();
    const ret = this.kernel.io_submit(ctx, n, this.area.pointers);
    this.timed(IO_SUBMIT, start);
    return ret;
  }

  cancel(ctx: number, obj: number): number {
    const start = sched_clock();
    const ret = this.kernel.io_cancel(ctx, obj);
    this.timed(IO_CANCEL, start);
    return ret;
  }

  /** Reads events into `area.events`. @param timeoutUs - negative for none */
  getevents(ctx: number, min: number, nr: number, timeoutUs: number): number {
    const { kernel, area } = this;
    const timeout = timeoutUs >= 0 ? area.scratch + 16 : 0;
    if (timeout !== 0) {
      kernel.poke(timeout, Math.floor(timeoutUs / 1e6));
      kernel.poke(timeout + 4, 0);
      kernel.poke(timeout + 8, (timeoutUs % 1e6) * 1000);
      kernel.poke(timeout + 12, 0);
    }
    const start = sched_clock();
    const ret = kernel.io_getevents(ctx, min, nr, area.events, timeout);
    this.timed(IO_GETEVENTS, start);
    return ret;
  }
}

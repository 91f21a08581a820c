// SPDX-License-Identifier: GPL-2.0-only
/** A thread of user space: its memory, its share of the books, its system calls with their latencies and counts. */
import { sched_clock } from '../src/arch/sab/clock.ts';
import { currentPhase, noteProgress } from '../src/arch/sab/control.ts';
import { Prng } from '../src/arch/sab/prng.ts';
import type { ObjectRef } from '../src/kernel/object_ref.ts';
import { type FindingKind, record } from '../src/kernel/oops.ts';
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

export class Syscalls<K extends Kernel = Kernel> {
  readonly cpu: number;
  readonly plan: UserPlan;
  readonly kernel: K;
  readonly prng: Prng;
  readonly ledger: Ledger;
  readonly area: Area;
  /** Owner of requests on contexts that this thread keeps to itself. */
  readonly self: number;
  protected readonly meter: Meter;

  /** @param area - user address of its memory, areaBytes() long */
  constructor(cpu: number, plan: UserPlan, kernel: K, ledger: Ledger, meter: Meter, area: number) {
    this.cpu = cpu;
    this.plan = plan;
    this.kernel = kernel;
    this.prng = new Prng(plan.seed * 31 + cpu);
    this.ledger = ledger;
    this.area = new Area(area, ledger.entriesPerCpu);
    this.self = ownerOf(PRIVATE_SLOT, cpu);
    this.meter = meter;
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

  /** Whether the round goes on. */
  running(): boolean {
    return currentPhase() < PHASE_STOP;
  }

  /** Does nothing for up to `us`. In user mode: quiescent. */
  pause(us: number): void {
    if (us > 0) this.kernel.idle(this.prng.below(us) * 1000);
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

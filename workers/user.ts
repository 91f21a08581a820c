// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space on one CPU: its memory, its system calls with their latencies and counts, its share of the books.
 *
 * Everything here knows the API's promises and nothing of the kernel's insides. What breaks a promise is recorded at
 * once.
 */

import { sched_clock } from '../src/arch/sab/clock.ts';
import { currentPhase, noteProgress } from '../src/arch/sab/control.ts';
import { idle } from '../src/arch/sab/park.ts';
import type { Prng } from '../src/arch/sab/prng.ts';
import { diskWord } from '../src/drivers/null_blk.ts';
import {
  sys_io_cancel,
  sys_io_destroy,
  sys_io_getevents,
  sys_io_setup,
  sys_io_submit,
} from '../src/fs/aio/syscalls.ts';
import { type ObjectRef, objectRef } from '../src/kernel/object_ref.ts';
import { type FindingKind, record } from '../src/kernel/oops.ts';
import { IOCB_CMD_PREAD, IOCB_CMD_PWRITE } from '../src/uapi/aio_abi.ts';
import { ECANCELED } from '../src/uapi/errno.ts';
import {
  EVENT_BYTES,
  type Event,
  emptyEvent,
  IOCB_BYTES,
  io_prep,
  peek,
  poke,
  read_event,
} from '../src/user/libaio.ts';
import { BATCH_MAX, EVENTS_MAX, FD_INLINE, FD_PENDING, INLINE_BYTES, POINTER_BYTES } from './layout.ts';
import { ACCEPTED, COMPLETED, DELIVERED, DONE, type Ledger, RACED, SETTLED } from './ledger.ts';
import { type Meter, SYSCALLS, type Syscall } from './meters.ts';
import { PHASE_STOP, type RoundPlan } from './protocol.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

const numberOf = (call: Syscall): number => SYSCALLS.indexOf(call);
const IO_SETUP = numberOf('io_setup');
const IO_DESTROY = numberOf('io_destroy');
const IO_SUBMIT = numberOf('io_submit');
const IO_GETEVENTS = numberOf('io_getevents');
const IO_CANCEL = numberOf('io_cancel');

/** Threads with few turns begin at a multiple of this. */
const BEGIN_NS = 1_000_000;

/** One CPU's user space. */
export class User {
  readonly cpu: number;
  readonly plan: RoundPlan;
  readonly prng: Prng;
  readonly ledger: Ledger;
  private readonly meter: Meter;
  /** User addresses. */
  private readonly iocbs: number;
  private readonly pointers: number;
  readonly events: number;
  readonly scratch: number;
  readonly buffers: number;
  readonly bufferBytes: number;
  private readonly event: Event = emptyEvent();
  private nextEntry = 0;
  private readonly batch = new Int32Array(BATCH_MAX);
  private batched = 0;
  private turn = 0;

  /** @param area - user address of its memory, areaBytes() long */
  constructor(cpu: number, plan: RoundPlan, prng: Prng, ledger: Ledger, meter: Meter, area: number) {
    this.meter = meter;
    this.cpu = cpu;
    this.plan = plan;
    this.prng = prng;
    this.ledger = ledger;
    this.bufferBytes = plan.workload.bufferBytes;
    const entries = ledger.entriesPerCpu;
    this.scratch = area;
    this.pointers = area + 64;
    this.events = this.pointers + BATCH_MAX * POINTER_BYTES;
    this.iocbs = this.events + EVENTS_MAX * EVENT_BYTES;
    this.buffers = this.iocbs + entries * IOCB_BYTES;
  }

  /** The same thread in another process, with its memory at `area`. */
  at(area: number): User {
    return new User(this.cpu, this.plan, this.prng, this.ledger, this.meter, area);
  }

  count(name: string, n = 1): void {
    this.meter.count(name, n);
  }

  /** Whether the round goes on. */
  running(): boolean {
    return currentPhase() < PHASE_STOP;
  }

  /** Whether the round goes on, and this thread has a turn left; takes one. */
  takeTurn(): boolean {
    const { turns } = this.plan.workload;
    return this.running() && (turns === 0 || this.turn++ < turns);
  }

  /** Does nothing for up to `us`. In user mode: quiescent. */
  pause(us: number): void {
    if (us > 0) idle(this.prng.below(us) * 1000);
  }

  /** Before the first turn: threads with few of them wait for each other, and for the contexts to be opened. */
  begin(): void {
    if (this.plan.workload.turns > 0) idle(BEGIN_NS - (sched_clock() % BEGIN_NS));
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

  finding(kind: FindingKind, title: string, text: readonly string[], objects: readonly ObjectRef[] = []): void {
    record({ kind, title, text, objects });
  }

  private timed(call: number, start: number): void {
    this.meter.time(call, sched_clock() - start);
    noteProgress(this.cpu);
  }

  // System calls.

  /** @returns the handle, or -errno */
  setup(nrEvents: number): number {
    poke(this.scratch, 0);
    poke(this.scratch + 4, 0);
    const start = sched_clock();
    const ret = sys_io_setup(nrEvents, this.scratch);
    this.timed(IO_SETUP, start);
    this.count(ret === 0 ? 'setup' : 'setup failed');
    return ret === 0 ? peek(this.scratch) : ret;
  }

  destroy(ctx: number): number {
    const start = sched_clock();
    const ret = sys_io_destroy(ctx);
    this.timed(IO_DESTROY, start);
    this.count(ret === 0 ? 'destroyed' : 'destroy refused');
    return ret;
  }

  cancel(ctx: number, obj: number): number {
    const start = sched_clock();
    const ret = sys_io_cancel(ctx, obj);
    this.timed(IO_CANCEL, start);
    return ret;
  }

  /** Reads events into `this.events`. @param timeoutUs - negative for none */
  getevents(ctx: number, min: number, nr: number, timeoutUs: number): number {
    if (timeoutUs >= 0) {
      poke(this.scratch + 16, Math.floor(timeoutUs / 1e6));
      poke(this.scratch + 20, 0);
      poke(this.scratch + 24, (timeoutUs % 1e6) * 1000);
      poke(this.scratch + 28, 0);
    }
    const start = sched_clock();
    const ret = sys_io_getevents(ctx, min, nr, this.events, timeoutUs >= 0 ? this.scratch + 16 : 0);
    this.timed(IO_GETEVENTS, start);
    return ret;
  }

  // Requests.

  /** A free entry of this CPU, -1 if all are in use. */
  freeEntry(): number {
    const { ledger } = this;
    const base = this.cpu * ledger.entriesPerCpu;
    for (let tries = 0; tries < ledger.entriesPerCpu; tries++) {
      const entry = base + this.nextEntry;
      this.nextEntry = (this.nextEntry + 1) % ledger.entriesPerCpu;
      if (ledger.reusable(entry)) return entry;
    }
    return -1;
  }

  private local(entry: number): number {
    return entry - this.cpu * this.ledger.entriesPerCpu;
  }

  bufferOf(entry: number): number {
    return this.buffers + this.local(entry) * this.bufferBytes;
  }

  /**
   * Adds a request to the batch that submit() will submit.
   * @param fd - FD_INLINE, FD_DEVICE or FD_PENDING @param buffer - user address; the entry's own if it is 0
   * @returns the entry, -1 if there is none free
   */
  prepare(fd: number, owner: number, ctx: number, buffer = 0, write = false): number {
    const entry = this.batched < BATCH_MAX ? this.freeEntry() : -1;
    if (entry < 0) return -1;
    const { ledger } = this;
    const bytes = this.bufferBytes;
    const obj = this.iocbs + this.local(entry) * IOCB_BYTES;
    const at = buffer === 0 ? this.bufferOf(entry) : buffer;
    const pos = fd === FD_INLINE ? ((entry * bytes) % (INLINE_BYTES - bytes)) & -8 : entry * bytes;
    const res = fd === FD_PENDING ? -ECANCELED : bytes;
    const generation = ledger.take(entry, owner, ctx, res, write ? -1 : pos, obj, at, bytes, fd === FD_PENDING);
    io_prep(obj, write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, fd, at, bytes, pos, entry, generation);
    const pointer = this.pointers + this.batched * POINTER_BYTES;
    poke(pointer, obj);
    poke(pointer + 4, 0);
    this.batch[this.batched++] = entry;
    if (fd === FD_INLINE) ledger.mark(entry, DONE | COMPLETED);
    return entry;
  }

  /** Submits the batch. @returns what io_submit() returned */
  submit(ctx: number): number {
    const n = this.batched;
    this.batched = 0;
    const start = sched_clock();
    const ret = sys_io_submit(ctx, n, this.pointers);
    this.timed(IO_SUBMIT, start);
    const taken = Math.max(0, ret);
    for (let i = 0; i < taken; i++) this.ledger.mark(this.batch[i] as number, ACCEPTED);
    for (let i = taken; i < n; i++) this.ledger.drop(this.batch[i] as number);
    this.count('submitted', taken);
    return ret;
  }

  /** Entry number `i` of the last batch. */
  batchEntry(i: number): number {
    return this.batch[i] as number;
  }

  /** Gives up what is left of a destroyed context. */
  bury(owner: number): void {
    this.ledger.bury(owner);
  }

  /** User address of iocb number `i`, for a program that keeps no books. */
  hostileIocb(i: number): number {
    return this.iocbs + i * IOCB_BYTES;
  }
  /** User address of pointer number `i` of the array that io_submit() is given. */
  pointerAt(i: number): number {
    return this.pointers + i * POINTER_BYTES;
  }
  /** Says that this thread gets on. */
  progress(): void {
    noteProgress(this.cpu);
  }

  /** Marks the first `n` requests of the last batch as raced by a destruction of their context. */
  markRaced(n: number): void {
    for (let i = 0; i < n; i++) this.ledger.mark(this.batch[i] as number, RACED);
  }

  /** Enters the first `n` events of `this.events` into the books. */
  deliverAll(n: number): void {
    for (let i = 0; i < n; i++) {
      read_event(this.events + i * EVENT_BYTES, this.event);
      this.deliver(this.event);
    }
  }

  /** Enters an event into the books: each accepted iocb gives exactly one, intact, to exactly one consumer. */
  deliver(ev: Event): void {
    const { ledger } = this;
    const entry = ev.dataLo;
    const before = ledger.deliver(entry, ev.dataHi);
    const what = `event data=${hex(entry)}:${hex(ev.dataHi)} obj=${hex(ev.obj)} res=${ev.res} res2=${ev.res2}`;
    if (before < 0) {
      this.finding('event:phantom', 'an event that belongs to no request', [what]);
      return;
    }
    const objects = [objectRef('iocb', ledger.obj(entry)), objectRef('ring', ledger.handleOf(entry))];
    if ((before & DELIVERED) !== 0) {
      this.finding('event:duplicate', 'an event was delivered twice', [what], objects);
      return;
    }
    this.count('reaped');
    if (ev.obj !== ledger.obj(entry) || ev.res2 !== 0 || ev.res !== ledger.res(entry)) {
      const wanted = `wanted obj=${hex(ledger.obj(entry))} res=${ledger.res(entry)} res2=0`;
      this.finding('event:corrupt', 'an event does not say what happened to its request', [what, wanted], objects);
    } else if (ev.res > 0 && ledger.pos(entry) >= 0) {
      this.checkBuffer(entry, objects);
    }
    ledger.mark(entry, SETTLED);
  }

  /** What was read must be what stands on the disk. */
  private checkBuffer(entry: number, objects: readonly ObjectRef[]): void {
    const { ledger } = this;
    const buffer = ledger.buffer(entry);
    const pos = ledger.pos(entry);
    const last = ledger.bytes(entry) - 4;
    const first = peek(buffer);
    const end = peek(buffer + last);
    if (first === diskWord(pos >>> 2) && end === diskWord((pos + last) >>> 2)) return;
    this.finding(
      'event:corrupt',
      'an event says that data was read which is not in the buffer',
      [
        `buffer ${hex(buffer)} begins ${hex(first)}, ends ${hex(end)}; ` +
          `wanted ${hex(diskWord(pos >>> 2))}, ${hex(diskWord((pos + last) >>> 2))}`,
      ],
      objects,
    );
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * User space on the host's kernel: what workers/user.ts is on the port, with the same books.
 *
 * Each request reads a block of a file whose content is a function of the position, into a buffer of its own.
 */
import { Prng } from '../../../src/arch/sab/prng.ts';
import { wordLoad, wordStore, wordWait } from '../../../src/arch/sab/words.ts';
import { diskWord } from '../../../src/drivers/null_blk.ts';
import { AIO_RING_MAGIC, aio_ring, io_event, iocb } from '../../../src/uapi/aio_abi.ts';
import { ACCEPTED, DELIVERED, DONE, Ledger, SETTLED } from '../../../workers/ledger.ts';
import { type Native, NR } from '../kernel/native.ts';
import {
  AREA,
  AREA_BYTES,
  BATCH_MAX,
  BUFFER_BYTES,
  COUNTS,
  type Count,
  ENTRIES_PER_THREAD,
  FILE_BYTES,
  type Finding,
  NEVER,
  STOP,
  type ThreadPlan,
  type ThreadReport,
} from './plan.ts';

/** Findings that are kept; more of them say no more. */
const FINDINGS_MAX = 20;
/** By how much a reaper moves the head, now and then. */
const STEPS: Readonly<Record<ThreadPlan['honesty'], number>> = { honest: 1, twice: 0, never: 2, 'late write': 1 };
const hex = (n: number): string => `0x${n.toString(16)}`;

export class NativeUser {
  readonly plan: ThreadPlan;
  readonly prng: Prng;
  readonly ledger: Ledger;
  readonly memory: DataView;
  private readonly native: Native;
  /** Address of this thread's memory. */
  private readonly area: number;
  private readonly counts = new Map<Count, number>();
  private readonly findings: Finding[] = [];
  private readonly batch: number[] = [];
  /** Views of the shared contexts' rings, by slot. */
  private readonly rings = new Map<number, { readonly seq: number; readonly ring: Int32Array }>();
  private nextEntry = 0;

  constructor(native: Native, plan: ThreadPlan) {
    this.native = native;
    this.plan = plan;
    this.prng = new Prng(plan.seed * 1009 + plan.thread);
    this.ledger = new Ledger(plan.ledger, plan.users);
    this.memory = native.view(plan.arena, AREA_BYTES * plan.users);
    this.area = plan.arena + AREA_BYTES * plan.thread;
  }

  report(): ThreadReport {
    const counts = Object.fromEntries(
      COUNTS.map((name) => [name, this.counts.get(name) ?? 0]),
    ) as ThreadReport['counts'];
    return { counts, findings: this.findings };
  }

  count(name: Count, n = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + n);
  }

  finding(kind: Finding['kind'], title: string, text: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push({ kind, title, text });
  }

  running(): boolean {
    return wordLoad(this.plan.control, STOP) === 0;
  }

  /** Sleeps, but not beyond the end of the program. */
  pause(ms: number): void {
    wordWait(this.plan.control, STOP, 0, ms);
  }

  /** Sleeps a little, also beyond the end. */
  pauseAnyway(): void {
    wordWait(this.plan.control, NEVER, 0, 1);
  }

  // Memory.

  private at(address: number): number {
    return address - this.plan.arena;
  }
  peek(address: number): number {
    return this.memory.getInt32(this.at(address), true);
  }
  poke(address: number, value: number): void {
    this.memory.setInt32(this.at(address), value, true);
  }
  fill(address: number, bytes: number, value: number): void {
    for (let i = 0; i < bytes; i += 4) this.poke(address + i, value);
  }

  /** The words of a ring. Touch them only while nobody can destroy its context. */
  ring(handle: number): Int32Array {
    const header = this.native.view(handle, aio_ring.sizeof);
    const bytes = aio_ring.sizeof + header.getUint32(aio_ring.offsetof.nr, true) * io_event.sizeof;
    return new Int32Array(this.native.view(handle, bytes).buffer);
  }

  /** The same of a shared context, by slot. */
  sharedRing(slot: number): Int32Array {
    const seq = this.ledger.seq(slot);
    const known = this.rings.get(slot);
    if (known?.seq === seq) return known.ring;
    const ring = this.ring(this.plan.handles[slot] as number);
    this.rings.set(slot, { seq, ring });
    return ring;
  }

  // System calls.

  /** @returns the handle, or -errno */
  setup(nr_events: number): number {
    this.memory.setBigInt64(this.at(this.area), 0n, true);
    const ret = this.native.syscall(NR.io_setup, nr_events, this.area);
    if (ret !== 0) return ret;
    this.count('setup');
    return Number(this.memory.getBigInt64(this.at(this.area), true));
  }

  destroy(handle: number): number {
    const ret = this.native.syscall(NR.io_destroy, handle);
    if (ret === 0) this.count('destroyed');
    return ret;
  }

  /** Reads events, which deliverAll() enters. */
  getevents(handle: number, min: number, nr: number, timeoutMs: number): number {
    const timeout = this.area + 16;
    this.memory.setBigInt64(this.at(timeout), 0n, true);
    this.memory.setBigInt64(this.at(timeout) + 8, BigInt(Math.round(timeoutMs * 1e6)), true);
    return this.native.syscall(NR.io_getevents, handle, min, nr, this.area + AREA.events, timeout);
  }

  // Requests.

  private freeEntry(): number {
    const base = this.plan.thread * ENTRIES_PER_THREAD;
    for (let tries = 0; tries < ENTRIES_PER_THREAD; tries++) {
      const entry = base + this.nextEntry;
      this.nextEntry = (this.nextEntry + 1) % ENTRIES_PER_THREAD;
      if (this.ledger.reusable(entry)) return entry;
    }
    return -1;
  }

  bufferOf(entry: number): number {
    return this.area + AREA.buffers + (entry % ENTRIES_PER_THREAD) * BUFFER_BYTES;
  }

  /** Adds a read to the batch. @param owner - context's slot and seq @returns its entry, -1 if there is none free */
  prepare(fd: number, owner: number): number {
    const entry = this.batch.length < BATCH_MAX ? this.freeEntry() : -1;
    if (entry < 0) return -1;
    const local = entry % ENTRIES_PER_THREAD;
    const obj = this.area + AREA.iocbs + local * iocb.sizeof;
    const pos = (entry * BUFFER_BYTES) % FILE_BYTES;
    const buffer = this.bufferOf(entry);
    const generation = this.ledger.take(entry, owner, 0, BUFFER_BYTES, pos, obj, buffer, BUFFER_BYTES, false);
    this.fill(obj, iocb.sizeof, 0);
    this.poke(obj + iocb.offsetof.aio_data, entry);
    this.poke(obj + iocb.offsetof.aio_data + 4, generation);
    this.poke(obj + iocb.offsetof.aio_fildes, fd);
    this.poke(obj + iocb.offsetof.aio_buf, buffer);
    this.poke(obj + iocb.offsetof.aio_nbytes, BUFFER_BYTES);
    this.poke(obj + iocb.offsetof.aio_offset, pos);
    const pointer = this.area + AREA.pointers + 8 * this.batch.length;
    this.poke(pointer, obj);
    this.poke(pointer + 4, 0);
    // What the last request left there must not pass for this one's.
    this.poke(buffer, ~diskWord(pos >>> 2));
    this.batch.push(entry);
    // What the page cache has is read before io_submit() returns.
    if (fd === this.plan.cached) this.ledger.mark(entry, DONE);
    return entry;
  }

  /** Submits the batch. @returns what io_submit() returned, and the entries that it took */
  submit(handle: number): { readonly ret: number; readonly taken: readonly number[] } {
    const entries = this.batch.splice(0);
    const ret = this.native.syscall(NR.io_submit, handle, entries.length, this.area + AREA.pointers);
    const taken = entries.slice(0, Math.max(0, ret));
    for (const entry of taken) this.ledger.mark(entry, ACCEPTED);
    for (const entry of entries.slice(taken.length)) this.ledger.drop(entry);
    this.count('submitted', taken.length);
    return { ret, taken };
  }

  // Events.

  /** Enters the events of the last getevents(). */
  deliverAll(n: number): void {
    for (let i = 0; i < n; i++) {
      const at = (this.area + AREA.events + i * io_event.sizeof - this.plan.arena) / 4;
      this.deliver(new Int32Array(this.memory.buffer), at);
    }
  }

  /** Reads up to `max` events from the mapped ring. @context the only reader of that ring @returns events */
  reap(ring: Int32Array, max: number, honesty: ThreadPlan['honesty']): number {
    if (ring[aio_ring.offsetof.magic / 4] !== (AIO_RING_MAGIC | 0)) return 0;
    const nr = ring[aio_ring.offsetof.nr / 4] as number;
    let got = 0;
    while (got < max) {
      const head = wordLoad(ring, aio_ring.offsetof.head / 4);
      // The event is read after the tail that covers it, and its slot given back after that.
      if (head === wordLoad(ring, aio_ring.offsetof.tail / 4)) break;
      this.deliver(ring, (aio_ring.sizeof + head * io_event.sizeof) / 4);
      got++;
      const steps = this.prng.oneIn(50) ? STEPS[honesty] : 1;
      wordStore(ring, aio_ring.offsetof.head / 4, (head + steps) % nr);
    }
    this.count('reaped by user', got);
    return got;
  }

  /** Enters an event: each accepted iocb gives exactly one, intact, to one reader. @param at - its first word */
  private deliver(words: Int32Array, at: number): void {
    const word = (offset: number): number => words[at + offset / 4] as number;
    const { ledger } = this;
    const { offsetof: O } = io_event;
    const entry = word(O.data);
    const obj = word(O.obj) + word(O.obj + 4) * 2 ** 32;
    const res = (word(O.res) >>> 0) + word(O.res + 4) * 2 ** 32;
    const res2 = word(O.res2) | word(O.res2 + 4);
    const what = `event data=${hex(entry)}:${hex(word(O.data + 4))} obj=${hex(obj)} res=${res} res2=${res2}`;
    const before = ledger.deliver(entry, word(O.data + 4));
    if (before < 0) {
      this.finding('event:phantom', 'an event that belongs to no request', what);
      return;
    }
    if ((before & DELIVERED) !== 0) {
      this.finding('event:duplicate', 'an event was delivered twice', what);
      return;
    }
    this.count('reaped');
    if (obj !== ledger.obj(entry) || res !== ledger.res(entry) || res2 !== 0) {
      this.finding('event:corrupt', 'an event does not say what happened to its request', what);
    } else {
      this.checkBuffer(entry);
    }
    ledger.mark(entry, SETTLED);
  }

  /** What was read must be what stands in the file. */
  private checkBuffer(entry: number): void {
    const buffer = this.ledger.buffer(entry);
    const pos = this.ledger.pos(entry);
    const last = BUFFER_BYTES - 4;
    const ok = this.peek(buffer) === diskWord(pos >>> 2) && this.peek(buffer + last) === diskWord((pos + last) >>> 2);
    if (ok) return;
    const title = 'an event says that data was read which is not in the buffer';
    this.finding('event:corrupt', title, `buffer ${hex(buffer)}, position ${pos}`);
  }
}

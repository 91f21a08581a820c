// SPDX-License-Identifier: GPL-2.0-only
/**
 * Memory models of the deterministic engine: when a plain store of one CPU is seen by the others.
 *
 *   sc     at once. This file has no part in it
 *   tso    later: each CPU's plain stores pass through its store buffer, in order. A CPU sees its own at once
 *   weak   later and in any order; and a plain load may give what the word held before
 *
 * This is what x86-64 does (tso), and a good deal of what arm64 does (weak). In each the default is what sc does: a
 * store reaches RAM at once, a load gives what is there. A deviation is a decision of the scheduler at that access,
 * recorded and replayed with the switches: that a store waits for so many steps of the machine, or that a load gives
 * the n-th older value. So a recording cut down to what matters has just the delays that matter.
 *
 * What orders accesses:
 *
 *   atomic read-modify-write, set_mb(), smp_mb(), sleeping, waking
 *               full barriers: the CPU's stores reach RAM, and what it loads later is not older than now. Locks are
 *               made of these
 *   smp_wmb()   what the CPU stores later reaches RAM after what it has stored; neither is hastened
 *   smp_rmb()   what the CPU loads later is not older than the stores of the values that it has loaded
 *   atomic store (smp_store_release(), atomic_set())
 *               the CPU's earlier stores reach RAM before it, and it is not late itself
 *   atomic load (smp_load_acquire(), atomic_read())
 *               gives what is in RAM now, and what the CPU loads later is not older than the store of that value. Its
 *               own stores to other words may still wait
 *   a load that gives an address in RAM
 *               what the CPU loads later is not older than the store of that address: the address dependency of
 *               rcu_dereference(), kept for all later loads, since which of them use it is not to be seen from here
 *   ACCESS_ONCE()
 *               nothing: as a plain load
 *   bytes, half-words, and copies of words of more than 256 bytes
 *               stored to RAM and loaded from it at once; under tso the CPU's earlier stores reach it before a store
 *
 * For each word all CPUs see one order of its values, and none goes back in it. A store is never early. Stores become
 * visible to all other CPUs at once. A load never gives what is not yet stored.
 *
 * Not to be seen with it: loads that are delayed behind later stores (LB); stores that reach one CPU before another
 * (IRIW with barriers, as POWER has it); a release that waits itself; an atomic_read() that is no acquire; a read
 * barrier that is missing between an address and an independent load. Too much is allowed in one case: an address that
 * is computed from a loaded number is not recognised as dependent on it.
 *
 * @see P. Sewell et al., x86-TSO, CACM 2010; J. Kang et al., A Promising Semantics, POPL 2017
 */
import {
  type Access,
  type AccessKind,
  ATOMIC,
  type Barrier,
  LOAD,
  MB,
  type MemoryModel,
  PAGE_OFFSET,
  RMB,
  RMW,
  WMB,
} from '../arch/sab/access.ts';
import type { Bytes } from '../arch/sab/words.ts';
import { OLDER_MAX, OLDER_VALUES_WORDS, OlderValues } from './older_values.ts';
import { isScript } from './schedulers/index.ts';
import { scriptedMemory } from './schedulers/script.ts';
import { type DetBuffers, DetState, MEMORIES, MEMORY_DECISION, SHARED } from './state.ts';
import { StoreBuffers, storeBufferWords } from './store_buffer.ts';

const WEAK = MEMORIES.indexOf('weak');
/** One store in so many to a word that several CPUs share waits. */
const WAIT_ONE_IN = 4;
/** One load in so many of a word with older values gives one of them; they are rare, but where they matter. */
const OLDER_ONE_IN = 2;
/** A store waits for up to 1024 steps, and half of them for up to 32: short and long windows are as likely. */
const DELAY_BITS = 10;
/** To load a larger block is a read barrier. */
const SEEN_WORDS_MAX = 64;

export class DelayedMemory implements MemoryModel {
  /** Whether this CPU is in the schedule. */
  active = false;
  /** Is told of each store that reaches RAM late; null but where a schedule is told. */
  recorder: { lands(cpu: number, index: number): void } | null = null;
  private readonly cpu: number;
  private readonly state: DetState;
  private readonly ram: Int32Array;
  private readonly known: Bytes;
  private readonly weak: boolean;
  private readonly stores: StoreBuffers;
  private readonly values: OlderValues;
  /** Index of this CPU's floor, the version of RAM up to which it knows all: what ended until then it sees no more. */
  private readonly floorAt: number;
  /** Index of the version of RAM with which the newest value that this CPU has loaded came. */
  private readonly loadedAt: number;
  private readonly note: (to: number) => void;

  /** @param note - records a decision of this CPU at its present step */
  constructor(cpu: number, buffers: DetBuffers, note: (to: number) => void) {
    const { ram, ramWords, known } = buffers;
    const state = new DetState(buffers);
    const { cpus, memory } = state.round;
    const floors = ramWords + storeBufferWords(cpus);
    const loaded = floors + cpus + 1;
    const values = loaded + cpus + 1;
    if (values + OLDER_VALUES_WORDS > ram.length) throw new Error('no room behind RAM for a memory model');
    this.cpu = cpu;
    this.state = state;
    this.ram = ram;
    this.known = known;
    this.note = note;
    this.weak = memory === WEAK;
    this.floorAt = floors + cpu;
    this.loadedAt = loaded + cpu;
    this.values = new OlderValues(ram, values);
    this.stores = new StoreBuffers(ram, ramWords, cpus, !this.weak, (owner, index) => this.lands(owner, index));
  }

  /** Empty buffers and no older values, before any CPU is in the schedule. */
  reset(): void {
    this.stores.reset();
    this.values.reset();
    const { cpus } = this.state.round;
    for (const at of [this.floorAt, this.loadedAt]) this.ram.fill(0, at - this.cpu, at - this.cpu + cpus);
  }

  /** A step of the machine has been taken. */
  step(steps: number): void {
    if (this.stores.isDue(steps)) this.stores.drainDue(steps);
  }

  /** A barrier of this CPU. */
  barrier(what: Barrier = MB): void {
    if (!this.active) return;
    if (what === WMB) this.stores.beginGroup(this.cpu);
    else if (what === RMB) this.raise(this.ram[this.loadedAt] as number);
    else {
      this.stores.drain(this.cpu);
      this.refresh();
    }
  }

  /** Every store of every CPU reaches RAM, for the operator to see it as it will be. */
  settle(): void {
    this.stores.drainAll();
  }

  // What memory.ts asks.

  word(op: Access, index: number, kind: AccessKind): number {
    if (!this.active) return index;
    if (kind !== ATOMIC) return op === LOAD ? this.load(index) : this.store(index);
    if (op === LOAD) {
      this.stores.drainWords(this.cpu, index, index + 1);
      if (this.weak) this.acquire(index);
      return index;
    }
    this.stores.drain(this.cpu);
    this.changes(this.cpu, index);
    if (op === RMW) this.refresh();
    return index;
  }

  block(op: Access, addr: number, bytes: number): void {
    if (!this.active) return;
    const first = (addr - PAGE_OFFSET) >>> 2;
    const end = (addr + bytes - PAGE_OFFSET + 3) >>> 2;
    if (op === LOAD || this.weak) this.stores.drainWords(this.cpu, first, end);
    else this.stores.drain(this.cpu);
    if (!this.weak) return;
    if (op === LOAD && end - first > SEEN_WORDS_MAX) this.refresh();
    for (let index = first; index < end; index++) {
      if (op !== LOAD) this.changes(this.cpu, index);
      else {
        this.values.see(this.cpu, index, this.values.now());
        this.loaded(this.values.born(index));
      }
    }
  }

  unchecked(addr: number, bytes: number): void {
    if (!this.active) return;
    const first = (addr - PAGE_OFFSET) >>> 2;
    this.stores.drainWords(this.cpu, first, first + (bytes >>> 2));
  }

  // The accesses.

  private load(index: number): number {
    const { cpu, values } = this;
    const own = this.stores.find(cpu, index);
    if (own >= 0) return own;
    if (!this.weak) return index;
    const floor = this.ram[this.floorAt] as number;
    const nth = values.older(cpu, index, 1, floor) < 0 ? 0 : this.nth(index, floor);
    const record = nth === 0 ? -1 : values.older(cpu, index, nth, floor);
    if (record < 0) {
      values.see(cpu, index, values.now());
      this.gives(index, values.born(index));
      return index;
    }
    this.deviate(nth);
    const end = values.endOf(record);
    const at = values.valueOf(record);
    values.see(cpu, index, end - 1);
    // When it came is not kept; it was before it ended.
    this.gives(at, end - 1);
    return at;
  }

  private store(index: number): number {
    const { cpu, stores } = this;
    const replaced = stores.findReplaced(cpu, index);
    if (replaced >= 0) return replaced;
    const delay = this.delay(index);
    if (delay > 0) this.deviate(delay);
    else if (!stores.isBehind(cpu)) {
      this.changes(cpu, index);
      return index;
    }
    return stores.push(cpu, index, this.state.round.steps + delay);
  }

  /** A load has given a value, which is at an index. @param born - the version with which it came */
  private gives(at: number, born: number): void {
    this.loaded(born);
    this.depend(this.ram[at] as number, born);
  }

  private loaded(born: number): void {
    if (born > (this.ram[this.loadedAt] as number)) this.ram[this.loadedAt] = born;
  }

  /** What is loaded later is not older than what this word holds now. */
  private acquire(index: number): void {
    this.values.see(this.cpu, index, this.values.now());
    this.raise(this.values.born(index));
  }

  /** What is loaded through an address is not older than the store of the address. */
  private depend(value: number, born: number): void {
    if (value >= PAGE_OFFSET && (value - PAGE_OFFSET) >>> 2 < this.known.length) this.raise(born);
  }

  private raise(floor: number): void {
    if (floor > (this.ram[this.floorAt] as number)) this.ram[this.floorAt] = floor;
  }

  /** A store of `owner` that has waited is about to change a word of RAM. */
  private lands(owner: number, index: number): void {
    this.count(index ^ (owner << 28));
    this.recorder?.lands(owner, index);
    this.changes(owner, index);
  }

  private changes(owner: number, index: number): void {
    if (this.weak) this.values.keep(owner, index);
  }

  /** What this CPU loads later is not older than now. */
  private refresh(): void {
    if (this.weak) this.ram[this.floorAt] = this.values.now();
  }

  // The scheduler's part.

  /** @returns which older value a load is to give, 0 for none; there is one */
  private nth(index: number, floor: number): number {
    const { state, cpu } = this;
    if (isScript(state)) return scriptedMemory(state, cpu);
    if (this.known[index] !== SHARED || state.draw() % OLDER_ONE_IN !== 0) return 0;
    return this.values.older(cpu, index, 2, floor) < 0 ? 1 : 1 + (state.draw() % OLDER_MAX);
  }

  /** @returns steps for which a store is to wait */
  private delay(index: number): number {
    const { state } = this;
    if (isScript(state)) return scriptedMemory(state, this.cpu);
    if (this.known[index] !== SHARED || state.draw() % WAIT_ONE_IN !== 0) return 0;
    return 1 + ((state.draw() >>> (32 - DELAY_BITS)) >>> (state.draw() % DELAY_BITS));
  }

  private deviate(by: number): void {
    this.count(by);
    this.note(MEMORY_DECISION + by);
  }

  /** Something that another run of this schedule must do as well. */
  private count(what: number): void {
    const { round } = this.state;
    round.hash = Math.imul(round.hash ^ what, 0x01000193);
  }
}

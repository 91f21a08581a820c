// SPDX-License-Identifier: GPL-2.0-only
/**
 * The books of user space: what was submitted, what the device has done, what was delivered, and which contexts
 * there are. Outside RAM: the kernel under test cannot reach them.
 *
 * Each request has an entry, which its submitter owns. The iocb's aio_data names it: the entry's number, and a
 * generation that changes each time the entry is used, so that an event that comes late or twice gives itself away.
 *
 *   FREE ─ take() ─▶ SUBMITTED ─ device ─▶ +DONE ─ an event ─▶ +DELIVERED ─ looked at ─▶ +SETTLED ─▶ FREE
 *                     +ACCEPTED when io_submit() says so
 *
 * DONE and DELIVERED may come before ACCEPTED: the device is fast.
 */
import { createWords, type Words, wordAdd, wordCas, wordLoad, wordOr, wordStore } from '../src/arch/sab/words.ts';

export const SUBMITTED = 1;
export const ACCEPTED = 2;
/** The device has done with it: it will not touch the buffer again. */
export const DONE = 4;
export const DELIVERED = 8;
/** The buffer has been looked at; the entry may be used again. */
export const SETTLED = 16;
/** Its context was destroyed meanwhile: its event may be thrown away. */
export const RACED = 32;
/** Is one of the pending device, and can be cancelled. */
export const PENDING = 64;
/** The kernel has completed it: its event is in the ring, or will never be. Noted where a submitter asks for it. */
export const COMPLETED = 128;
const BITS = 8;
const BIT_MASK = (1 << BITS) - 1;

export const SLOTS_MAX = 64;
const SLOT_WORDS = 16;
const ENTRY_WORDS = 8;
/** What each CPU waits for: a handle and a count. */
const HEADER_WORDS = 512;

// A context's slot.
const STATE = 0;
const HANDLE = 1;
/** Counts setups and destructions; odd while the context is alive. */
const SEQ = 2;
const LOCK = 3;
const USER_REAPED = 4;
const RING_NR = 5;
/** Threads that use the handle right now. */
const USERS = 6;

// An entry, behind its state word.
const RES = 1;
const OWNER = 2;
const POS = 3;
const OBJ = 4;
const BYTES = 5;
const BUFFER = 6;
const HANDLE_OF = 7;

/** A word was `before`, and is `after`. */
export type Watching = (index: number, before: number, after: number) => void;

export const createLedger = (cpus: number, entriesPerCpu: number): Words =>
  createWords(HEADER_WORDS + SLOTS_MAX * SLOT_WORDS + cpus * entriesPerCpu * ENTRY_WORDS);

/** A handle on the books; cheap, one for each thread. */
export class Ledger {
  readonly words: Words;
  readonly entriesPerCpu: number;
  readonly entries: number;
  private readonly watch: Watching | null;

  /** @param watch - hears of each access to the books */
  constructor(words: Words, cpus: number, watch: Watching | null = null) {
    this.words = words;
    this.watch = watch;
    this.entries = (words.length - HEADER_WORDS - SLOTS_MAX * SLOT_WORDS) / ENTRY_WORDS;
    this.entriesPerCpu = this.entries / cpus;
  }

  clear(): void {
    this.words.fill(0);
  }

  // Words.

  private load(at: number): number {
    const value = wordLoad(this.words, at);
    this.watch?.(at, value, value);
    return value;
  }
  private store(at: number, value: number): void {
    const before = this.watch === null ? 0 : wordLoad(this.words, at);
    wordStore(this.words, at, value);
    this.watch?.(at, before, value);
  }
  private add(at: number, n: number): void {
    const before = wordAdd(this.words, at, n);
    this.watch?.(at, before, before + n);
  }
  private or(at: number, bits: number): number {
    const before = wordOr(this.words, at, bits);
    this.watch?.(at, before, before | bits);
    return before;
  }
  private cas(at: number, old: number, next: number): number {
    const before = wordCas(this.words, at, old, next);
    this.watch?.(at, before, before === old ? next : before);
    return before;
  }

  // Contexts.

  private slot(slot: number, word: number): number {
    return HEADER_WORDS + slot * SLOT_WORDS + word;
  }

  /** Enters a context that io_setup() has made. @context has the slot's lock, or is the only one */
  publish(slot: number, handle: number, userReaped: boolean, ringNr: number): void {
    const at = this.slot(slot, 0);
    this.store(at + HANDLE, handle);
    this.store(at + USER_REAPED, userReaped ? 1 : 0);
    this.store(at + RING_NR, ringNr);
    this.add(at + SEQ, 1);
    this.store(at + STATE, 1);
  }

  /** Says that the context is about to be destroyed. @returns its handle */
  retire(slot: number): number {
    const at = this.slot(slot, 0);
    this.store(at + STATE, 0);
    this.add(at + SEQ, 1);
    return this.load(at + HANDLE);
  }

  alive(slot: number): boolean {
    return this.load(this.slot(slot, STATE)) === 1;
  }
  handle(slot: number): number {
    return this.load(this.slot(slot, HANDLE));
  }
  seq(slot: number): number {
    return this.load(this.slot(slot, SEQ));
  }
  userReaped(slot: number): boolean {
    return this.load(this.slot(slot, USER_REAPED)) === 1;
  }
  /** Slots of its ring, as io_setup() left them. */
  ringNr(slot: number): number {
    return this.load(this.slot(slot, RING_NR));
  }

  /**
   * Begins to use the context.
   * @returns its seq, which changes as soon as somebody begins to destroy it; leave() must follow. 0 if it is not alive
   */
  enter(slot: number): number {
    this.add(this.slot(slot, USERS), 1);
    // Before the look at the state: a seq that was read afterwards could be that of a destruction that began in
    // between.
    const seq = this.seq(slot);
    if ((seq & 1) === 1 && this.alive(slot)) return seq;
    this.leave(slot);
    return 0;
  }
  leave(slot: number): void {
    this.add(this.slot(slot, USERS), -1);
  }
  users(slot: number): number {
    return this.load(this.slot(slot, USERS));
  }

  /** Takes the slot's user-space lock, which keeps reapers of a ring and its destroyer apart. */
  tryLock(slot: number): boolean {
    return this.cas(this.slot(slot, LOCK), 0, 1) === 0;
  }
  unlock(slot: number): void {
    this.store(this.slot(slot, LOCK), 0);
  }

  // Requests.

  private at(entry: number): number {
    return HEADER_WORDS + SLOTS_MAX * SLOT_WORDS + entry * ENTRY_WORDS;
  }

  /** The state's bits. */
  state(entry: number): number {
    return this.load(this.at(entry)) & BIT_MASK;
  }
  generation(entry: number): number {
    return this.load(this.at(entry)) >>> BITS;
  }

  /** Whether the owner may use the entry for another request. */
  reusable(entry: number): boolean {
    const state = this.state(entry);
    return state === 0 || (state & SETTLED) !== 0;
  }

  /**
   * Enters a request that is about to be submitted. @param owner - the context's slot and seq @returns its generation
   */
  take(
    entry: number,
    owner: number,
    handle: number,
    res: number,
    pos: number,
    obj: number,
    buffer: number,
    bytes: number,
    pending: boolean,
  ): number {
    const at = this.at(entry);
    this.store(at + RES, res);
    this.store(at + OWNER, owner);
    this.store(at + POS, pos);
    this.store(at + OBJ, obj);
    this.store(at + BYTES, bytes);
    this.store(at + BUFFER, buffer);
    this.store(at + HANDLE_OF, handle);
    const generation = ((this.load(at) >>> BITS) + 1) & 0xffffff;
    this.store(at, (generation << BITS) | SUBMITTED | (pending ? PENDING : 0));
    return generation;
  }

  /** io_submit() did not take it. */
  drop(entry: number): void {
    const at = this.at(entry);
    this.store(at, this.load(at) & ~BIT_MASK);
  }

  mark(entry: number, bits: number): number {
    return this.or(this.at(entry), bits) & BIT_MASK;
  }

  owner(entry: number): number {
    return this.load(this.at(entry) + OWNER);
  }
  res(entry: number): number {
    return this.load(this.at(entry) + RES);
  }
  pos(entry: number): number {
    return this.load(this.at(entry) + POS);
  }
  obj(entry: number): number {
    return this.load(this.at(entry) + OBJ);
  }
  bytes(entry: number): number {
    return this.load(this.at(entry) + BYTES);
  }
  buffer(entry: number): number {
    return this.load(this.at(entry) + BUFFER);
  }
  handleOf(entry: number): number {
    return this.load(this.at(entry) + HANDLE_OF);
  }

  /**
   * Enters an event.
   * @returns the state before, DELIVERED in it for a duplicate; -1 if there is no such entry, or it was not submitted
   */
  deliver(entry: number, generation: number): number {
    if (entry < 0 || entry >= this.entries) return -1;
    const at = this.at(entry);
    for (;;) {
      const seen = this.load(at);
      const now = seen >>> BITS;
      // An older one: it was delivered before the entry was used again.
      if (now !== generation) return generation > 0 && generation < now ? DELIVERED : -1;
      if ((seen & DELIVERED) !== 0) return DELIVERED;
      if ((seen & SUBMITTED) === 0) return -1;
      if (this.cas(at, seen, seen | DELIVERED) === seen) return seen & BIT_MASK;
    }
  }

  /** Requests of that owner which io_submit() accepted, and for which none of `bits` holds. */
  private accepted(owner: number, bits: number): number[] {
    const found: number[] = [];
    for (let entry = 0; entry < this.entries; entry++) {
      if ((this.state(entry) & (ACCEPTED | bits)) === ACCEPTED && this.owner(entry) === owner) found.push(entry);
    }
    return found;
  }

  /** Requests of a context that io_submit() accepted and the device has not done; raced ones left out. */
  inFlight(owner: number): number[] {
    return this.accepted(owner, DONE | RACED | SETTLED);
  }

  /** Whether the kernel has not yet completed a request of that owner which io_submit() accepted. */
  anyUncompleted(owner: number): boolean {
    return this.accepted(owner, COMPLETED | SETTLED).length > 0;
  }

  /** Gives the entries of a destroyed context back to their owners: their events have been thrown away. */
  bury(owner: number): void {
    for (const entry of this.accepted(owner, RACED | SETTLED)) this.mark(entry, SETTLED);
  }

  /** Says what this CPU is about to wait for, for who looks at a machine that stands still; handle 0 for nothing. */
  noteWait(cpu: number, handle: number, min: number): void {
    this.words[2 * cpu] = handle;
    this.words[2 * cpu + 1] = min;
  }
  waitOf(cpu: number): { handle: number; min: number } {
    return { handle: this.words[2 * cpu] as number, min: this.words[2 * cpu + 1] as number };
  }

  /** The device has done with a request. @returns false if its submitter had been told that it was done */
  deviceDone(entry: number, generation: number): boolean {
    if (entry < 0 || entry >= this.entries) return true;
    const at = this.at(entry);
    const seen = this.load(at);
    if (seen >>> BITS !== generation) return false;
    return (this.or(at, DONE) & SETTLED) === 0;
  }

  /** The kernel has completed a request; the entry may be another's by now. */
  completed(entry: number, generation: number): void {
    if (entry < 0 || entry >= this.entries) return;
    const at = this.at(entry);
    for (let seen = this.load(at); seen >>> BITS === generation; ) {
      const found = this.cas(at, seen, seen | COMPLETED);
      if (found === seen) return;
      seen = found;
    }
  }
}

/** Slot and incarnation of a context, as an entry's owner. */
export const ownerOf = (slot: number, seq: number): number => (seq << 8) | slot;
export const slotOf = (owner: number): number => owner & 0xff;
export const seqOf = (owner: number): number => owner >>> 8;
/** Owner of requests on a context that one thread keeps to itself. */
export const PRIVATE_SLOT = 0xff;

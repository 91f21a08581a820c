// SPDX-License-Identifier: GPL-2.0-only
/**
 * lock_stat's side of the locks: counts what a CPU does with them.
 *
 * Every contention is timed. Holding is timed for one acquisition in HOLD_SAMPLE of a class, because two readings of
 * the clock cost more than the lock. The site of a contention is looked at now and then; it counts for all contentions
 * of the class on this CPU since the last look. Samples come after a random number of others, or a loop that takes its
 * locks in turns would always be met at the same one. The countdown to the next is the counter of acquisitions, too, so
 * the path of a lock that nobody else wants is a decrement and a few compares.
 *
 * Only the holder knows where it holds the lock. So a waiter whose site is looked at asks: it writes the lock's address
 * to a word of the CPU that took the lock last, and takes it back once it has got the lock. A CPU looks at its word
 * whenever it releases a lock; where it is asked for that lock, the function that releases it is the holder's site.
 * It answers while the waiter waits, or not at all: when it had released the lock already, or when two ask it at once.
 *
 * @linux kernel/locking/lockdep.c lock_acquired(), lock_contended() v3.17
 */
import { sched_clock } from '../../arch/sab/clock.ts';
import { in_interrupt } from '../../arch/sab/cpu.ts';
import { countTime } from '../../arch/sab/histogram.ts';
import { load32, store32 } from '../../arch/sab/memory.ts';
import { Prng } from '../../arch/sab/prng.ts';
import type { Doubles, Words } from '../../arch/sab/words.ts';
import { LOCK_CLASS_COUNT } from './classes.ts';
import { HOLDER, SiteTable, WAITER } from './contention_sites.ts';
import { HOLD_SLICE, noteSlice, WAIT_SLICE } from './lock_slices.ts';
import {
  ACQ_BOUNCES,
  ACQUISITIONS_DUE,
  ASKED_LOCK,
  ASKED_WEIGHT,
  addTime,
  CON_BOUNCES,
  CONTENTIONS,
  classSamplingOf,
  HOLD_LEFT,
  HOLD_MIN,
  HOLD_SAMPLES,
  holdHistogramOf,
  type LockStatBuffers,
  OTHER_SITES,
  rowOf,
  SITE_LAST,
  SITE_LEFT,
  SITE_PASSED,
  samplingOf,
  WAIT_MIN,
  waitHistogramOf,
} from './lock_stat_buffers.ts';
import type { LockProbe } from './probe.ts';
import { LAST_CPU } from './spinlock.ts';

/** One acquisition of a class in so many is timed, on average. */
export const HOLD_SAMPLE = 128;
/** The site of one contention of a class in so many is looked at, on average, if it is time to. */
const SITE_SAMPLE = 32;
/** Least time between two looks, ns: a stack costs some 10 us on either side of the lock. */
const SITE_PAUSE_NS = 4_000_000;
/** The first contentions on a CPU are all looked at, so that rare ones have sites. */
const SITES_FIRST = 4;
/** Timed locks that a CPU may hold at once; more are not timed. */
const TIMED_MAX = 8;

const PER_CLASS = classSamplingOf(0, 1) - classSamplingOf(0, 0);

const level = (): number => (in_interrupt() ? 1 : 0);

export class LockStatProbe implements LockProbe {
  private readonly cpu: number;
  /** this CPU, as locks store their last owner */
  private readonly me: number;
  private readonly buffers: LockStatBuffers;
  private readonly counters: Doubles;
  private readonly sampling: Words;
  private readonly asked: number;
  private readonly class0: number;
  private readonly sites: SiteTable;
  private readonly random: Prng;
  private readonly epoch_ns: number;
  /** When waiting began: of what the CPU was at, and of the interrupt that it may have come to since. */
  private readonly wait_start = new Float64Array(2);
  /** When a site of a class may be looked at again. */
  private readonly site_due = new Float64Array(LOCK_CLASS_COUNT);
  /** Who has been asked where it releases the lock that this CPU waits for; -1: nobody. Of both, too. */
  private readonly asked_cpu = new Int32Array([-1, -1]);
  /** Timed locks that are held now. */
  private timed = 0;
  private readonly timed_locks = new Float64Array(TIMED_MAX);
  private readonly timed_since = new Float64Array(TIMED_MAX);

  /** @param epoch - the machine's start on this thread's sched_clock(), ns */
  constructor(cpu: number, buffers: LockStatBuffers, epoch: number) {
    this.cpu = cpu;
    this.me = cpu + 1;
    this.buffers = buffers;
    this.counters = buffers.counters;
    this.sampling = buffers.sampling;
    this.asked = samplingOf(cpu) + ASKED_LOCK;
    this.class0 = classSamplingOf(cpu, 0);
    this.sites = new SiteTable(buffers.sites, cpu);
    this.random = new Prng(cpu);
    this.epoch_ns = epoch;
  }

  acquire(): void {}

  acquired(lock: number, cls: number, waited: boolean): void {
    const { sampling } = this;
    const last = load32(lock + LAST_CPU);
    if (last !== this.me) this.bounce(lock, cls, last);
    if (waited) this.endWait(lock, cls);
    const at = this.class0 + cls * PER_CLASS + HOLD_LEFT;
    const left = (sampling[at] as number) - 1;
    sampling[at] = left;
    if (left < 0) this.startHold(lock, cls, at);
  }

  release(lock: number, cls: number): void {
    if (this.sampling[this.asked] === lock) this.answer(cls);
    if (this.timed !== 0) this.endHold(lock, cls);
  }

  contended(lock: number, cls: number): void {
    const start = sched_clock();
    this.wait_start[level()] = start;
    const { counters, sampling } = this;
    const row = rowOf(this.cpu, cls);
    const contentions = (counters[row + CONTENTIONS] as number) + 1;
    counters[row + CONTENTIONS] = contentions;
    const last = load32(lock + LAST_CPU);
    const elsewhere = last !== 0 && last !== this.me;
    if (elsewhere) counters[row + CON_BOUNCES] = (counters[row + CON_BOUNCES] as number) + 1;

    const at = classSamplingOf(this.cpu, cls);
    const weight = (sampling[at + SITE_PASSED] as number) + 1;
    sampling[at + SITE_PASSED] = weight;
    sampling[at + SITE_LEFT] = (sampling[at + SITE_LEFT] as number) - 1;
    if ((sampling[at + SITE_LEFT] as number) >= 0) return;
    if (contentions > SITES_FIRST) {
      sampling[at + SITE_LEFT] = this.random.below(2 * SITE_SAMPLE - 1);
      if (start < (this.site_due[cls] as number)) return;
    }
    this.site_due[cls] = start + SITE_PAUSE_NS;
    if (elsewhere) this.ask(lock, last - 1, weight);
    sampling[at + SITE_LAST] = this.countSite(cls, WAITER, weight) + 1;
    sampling[at + SITE_PASSED] = 0;
  }

  private bounce(lock: number, cls: number, last: number): void {
    store32(lock + LAST_CPU, this.me);
    if (last === 0) return;
    const column = rowOf(this.cpu, cls) + ACQ_BOUNCES;
    this.counters[column] = (this.counters[column] as number) + 1;
  }

  private endWait(lock: number, cls: number): void {
    const start = this.wait_start[level()] as number;
    const ns = sched_clock() - start;
    const { counters, histograms, slices } = this.buffers;
    addTime(counters, rowOf(this.cpu, cls) + WAIT_MIN, ns);
    countTime(histograms, waitHistogramOf(this.cpu, cls), ns);
    noteSlice(slices, this.cpu, start - this.epoch_ns, ns, cls, WAIT_SLICE);
    const owner = this.asked_cpu[level()] as number;
    if (owner < 0) return;
    const asked = samplingOf(owner) + ASKED_LOCK;
    if (this.sampling[asked] === lock) this.sampling[asked] = 0;
    this.asked_cpu[level()] = -1;
  }

  private startHold(lock: number, cls: number, at: number): void {
    const more = this.random.below(2 * HOLD_SAMPLE - 1);
    const due = rowOf(this.cpu, cls) + ACQUISITIONS_DUE;
    this.counters[due] = (this.counters[due] as number) + 1 + more;
    this.sampling[at] = more;
    if (this.timed === TIMED_MAX) return;
    this.timed_locks[this.timed] = lock;
    this.timed_since[this.timed] = sched_clock();
    this.timed++;
  }

  private endHold(lock: number, cls: number): void {
    let i = this.timed - 1;
    while (i >= 0 && this.timed_locks[i] !== lock) i--;
    if (i < 0) return;
    const since = this.timed_since[i] as number;
    const ns = sched_clock() - since;
    this.timed--;
    this.timed_locks[i] = this.timed_locks[this.timed] as number;
    this.timed_since[i] = this.timed_since[this.timed] as number;

    const { counters, histograms, slices } = this.buffers;
    const row = rowOf(this.cpu, cls);
    counters[row + HOLD_SAMPLES] = (counters[row + HOLD_SAMPLES] as number) + 1;
    addTime(counters, row + HOLD_MIN, ns);
    countTime(histograms, holdHistogramOf(this.cpu, cls), ns);
    noteSlice(slices, this.cpu, since - this.epoch_ns, ns, cls, HOLD_SLICE);
  }

  /** Asks the CPU that has the lock where it releases it. */
  private ask(lock: number, owner: number, weight: number): void {
    const at = samplingOf(owner);
    this.sampling[at + ASKED_WEIGHT] = weight;
    this.sampling[at + ASKED_LOCK] = lock;
    this.asked_cpu[level()] = owner;
  }

  /** Says where this CPU releases the lock that it was asked for. */
  private answer(cls: number): void {
    const weight = this.sampling[this.asked + ASKED_WEIGHT] as number;
    this.sampling[this.asked] = 0;
    this.countSite(cls, HOLDER, weight);
  }

  /** @returns the site's index, -1 if the table is full */
  private countSite(cls: number, kind: number, weight: number): number {
    const site = this.sites.count(cls, kind, weight);
    const other = rowOf(this.cpu, cls) + OTHER_SITES + kind;
    if (site < 0) this.counters[other] = (this.counters[other] as number) + weight;
    return site;
  }
}

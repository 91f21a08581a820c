// SPDX-License-Identifier: GPL-2.0-only
/**
 * lockdep: proves a deadlock possible from orders seen, without the deadlock happening; and keeps the books of
 * who holds and awaits which lock, for the watchdog.
 *
 * An edge A -> B means: some CPU took a lock of class B while it held one of class A. A new edge that closes a cycle
 * is a splat. A trylock cannot wait, so it adds no edge to the lock that it takes, but what is taken under it does.
 * Classes, not locks: one order for all kioctx.
 *
 * A class that an interrupt takes must not be taken with interrupts on anywhere: the interrupt might come while its own
 * CPU holds the lock, and wait for ever.
 *
 * The graph and the held stacks are outside RAM; the graph's words are set once and shared by all CPUs.
 *
 * @linux kernel/locking/lockdep.c, Documentation/locking/lockdep-design.txt v3.17
 */
import { in_atomic, in_interrupt, irqs_disabled, smp_processor_id } from '../../arch/sab/cpu.ts';
import { createWords, type Words, wordCas, wordLoad, wordOr } from '../../arch/sab/words.ts';
import { oops, record, setLocksOf } from '../oops.ts';
import { LOCK_CLASS_COUNT, lockClassName } from './classes.ts';
import type { LockProbe } from './probe.ts';

const DEPTH_MAX = 16;
/** [depth, awaited lock, its class, the same two in an interrupt, then pairs of lock and class] */
const HELD = 5;
const AWAITED = 1;
const AWAITED_IN_IRQ = 3;
const CPU_WORDS = HELD + 2 * DEPTH_MAX;

const USAGE = LOCK_CLASS_COUNT * LOCK_CLASS_COUNT;
const BLOCKS = USAGE + LOCK_CLASS_COUNT;
/** How a class has been taken. */
const IN_HARDIRQ = 1;
const HARDIRQ_ON = 2;

/** The graph, class by class, how each class is used, then each CPU's held locks. */
export const createLockdep = (cpus: number): Words => createWords(BLOCKS + cpus * CPU_WORDS);

let words: Words = createLockdep(1);
const edge = (from: number, to: number): number => from * LOCK_CLASS_COUNT + to;
const block = (cpu: number): number => BLOCKS + cpu * CPU_WORDS;

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

/** The classes on a path from one class to another in the graph, both included, or null. */
function findPath(from: number, to: number): number[] | null {
  const seen = new Set<number>([from]);
  const walk = (cls: number, path: number[]): number[] | null => {
    if (cls === to) return path;
    for (let next = 0; next < LOCK_CLASS_COUNT; next++) {
      if (wordLoad(words, edge(cls, next)) === 0 || seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...path, next]);
      if (found) return found;
    }
    return null;
  };
  return walk(from, [from]);
}

function checkNewEdge(from: number, to: number, lock: number): void {
  if (wordCas(words, edge(from, to), 0, smp_processor_id() + 1) !== 0) return;
  const path = from === to ? [from, to] : findPath(to, from);
  if (path === null) return;
  const what = from === to ? 'recursive' : 'circular';
  record({
    kind: 'lockdep:deadlock',
    title: `possible ${what} locking: ${lockClassName(to)} is taken under ${lockClassName(from)}`,
    text: [
      `is trying to acquire ${lockClassName(to)} at ${hex(lock)}, but holds ${lockClassName(from)}`,
      `the existing order is ${path.map(lockClassName).join(' -> ')}`,
    ],
  });
}

/** Notes how a class is taken. @linux mark_lock_irq() */
function markUsage(cls: number, usage: number): void {
  const before = wordOr(words, USAGE + cls, usage);
  if ((before & usage) !== 0 || (before | usage) !== (IN_HARDIRQ | HARDIRQ_ON)) return;
  record({
    kind: 'lockdep:inconsistent-irq',
    title: `${lockClassName(cls)} is taken by an interrupt, and with interrupts on`,
    text: [usage === IN_HARDIRQ ? 'an interrupt takes it now' : 'it is taken with interrupts on now'],
  });
}

/** The probe of one CPU: order checks and held locks. */
export class Lockdep implements LockProbe {
  private readonly base: number;
  private readonly words: Words;

  /** @context the thread has the books, see attachLockdep() */
  constructor(cpu: number) {
    this.base = block(cpu);
    this.words = words;
    words.fill(0, this.base, this.base + CPU_WORDS);
  }

  acquire(lock: number, cls: number, trylock: boolean, sleeps: boolean): void {
    if (sleeps && (trylock ? in_interrupt() : in_atomic())) {
      oops({ kind: 'lockdep:sleep-in-atomic', title: `sleeping lock ${lockClassName(cls)} taken in atomic context` });
    }
    const { words, base } = this;
    const usage = in_interrupt() ? IN_HARDIRQ : irqs_disabled() ? 0 : HARDIRQ_ON;
    if (((words[USAGE + cls] as number) & usage) !== usage) markUsage(cls, usage);
    if (trylock) return;
    const depth = words[base] as number;
    for (let i = 0; i < depth; i++) {
      const held = words[base + HELD + 2 * i + 1] as number;
      if (words[edge(held, cls)] === 0) checkNewEdge(held, cls, lock);
    }
    const awaited = base + (in_interrupt() ? AWAITED_IN_IRQ : AWAITED);
    words[awaited] = lock;
    words[awaited + 1] = cls;
  }

  contended(): void {}

  acquired(lock: number, cls: number): void {
    const { words, base } = this;
    const depth = words[base] as number;
    if (depth >= DEPTH_MAX) oops({ kind: 'bug', title: 'lockdep: too many locks held' });
    words[base + HELD + 2 * depth] = lock;
    words[base + HELD + 2 * depth + 1] = cls;
    words[base] = depth + 1;
    words[base + (in_interrupt() ? AWAITED_IN_IRQ : AWAITED)] = 0;
  }

  release(lock: number, cls: number): void {
    const { words, base } = this;
    const depth = words[base] as number;
    let i = depth - 1;
    while (i >= 0 && words[base + HELD + 2 * i] !== lock) i--;
    if (i < 0) {
      record({ kind: 'lockdep:bad-unlock', title: `${lockClassName(cls)} is released by a CPU that does not hold it` });
      return;
    }
    for (; i < depth - 1; i++) {
      const at = base + HELD + 2 * i;
      words[at] = words[at + 2] as number;
      words[at + 1] = words[at + 3] as number;
    }
    words[base] = depth - 1;
  }
}

const describe = (lock: number, cls: number): string => `${lockClassName(cls)} ${hex(lock)}`;

/** What a CPU holds and awaits, from outside. */
function locksOf(cpu: number): { held: string[]; waiting: string | null } {
  const base = block(cpu);
  const depth = Math.min(words[base] ?? 0, DEPTH_MAX);
  const held = Array.from({ length: depth }, (_, i) =>
    describe(words[base + HELD + 2 * i] as number, words[base + HELD + 2 * i + 1] as number),
  );
  const at = base + (words[base + AWAITED_IN_IRQ] ? AWAITED_IN_IRQ : AWAITED);
  const lock = words[at] ?? 0;
  return { held, waiting: lock === 0 ? null : describe(lock, words[at + 1] as number) };
}

/**
 * Forgets the orders: those of another build are not this one's, and a cycle of both would be a deadlock that no kernel
 * has. Those of an earlier boot of the same build go, too: a finding belongs to the round that shows all of it.
 */
export function clearLockdep(which: Words): void {
  which.fill(0);
}

/** Makes this thread see the books. */
export function attachLockdep(to: Words): void {
  words = to;
  setLocksOf(locksOf);
}

// SPDX-License-Identifier: GPL-2.0-only
/** Where CPUs meet: accesses to the same words, and locks. */
import { FREE } from '../../../src/kernel/locking/spinlock.ts';
import { type Step, writes } from './recording.ts';
import type { Subject } from './subject.ts';

interface Word {
  write: Step | undefined;
  /** By CPU, since the write. */
  readers: Map<number, Step>;
}

/** Steps that meet those of another CPU. */
export function meetings(steps: readonly Step[]): Set<number> {
  const words = new Map<number, Word>();
  const met = new Set<number>();
  const meet = (a: Step, b: Step): void => {
    met.add(a.n);
    met.add(b.n);
  };
  for (const step of steps) {
    if (step.how === 'buffered') continue;
    for (let addr = step.addr & ~3; addr < step.addr + Math.max(1, step.bytes); addr += 4) {
      let word = words.get(addr);
      if (word === undefined) {
        word = { write: undefined, readers: new Map() };
        words.set(addr, word);
      }
      if (word.write !== undefined && word.write.cpu !== step.cpu && !word.readers.has(step.cpu))
        meet(word.write, step);
      if (!writes(step)) {
        word.readers.set(step.cpu, step);
        continue;
      }
      for (const reader of word.readers.values()) if (reader.cpu !== step.cpu) meet(reader, step);
      word.write = step;
      word.readers = new Map();
    }
  }
  return met;
}

/** Stores that wait in a buffer, of those that meet somebody when they leave it. */
export function waiting(steps: readonly Step[], met: ReadonlySet<number>): Set<number> {
  const found = new Set<number>();
  const last = new Map<string, Step>();
  for (const step of steps) {
    const key = `${step.cpu} ${step.addr}`;
    if (step.how === 'buffered') last.set(key, step);
    const store = step.kind === 'land' && met.has(step.n) ? last.get(key) : undefined;
    if (store !== undefined) found.add(store.n);
  }
  return found;
}

/** Where each lock's word is taken and given back: the steps' numbers, both ways. */
export function sections(steps: readonly Step[], subject: Subject): Map<number, number | undefined> {
  const others = new Map<number, number | undefined>();
  const taken = new Map<number, number>();
  for (const step of steps) {
    if (step.kind !== 'rmw' || !subject.placeOf(step.addr).lockWord) continue;
    others.set(step.n, undefined);
    if (step.after !== FREE && step.before === FREE) taken.set(step.addr, step.n);
    else if (step.after === FREE) {
      const from = taken.get(step.addr);
      taken.delete(step.addr);
      if (from === undefined) continue;
      others.set(from, step.n);
      others.set(step.n, from);
    }
  }
  return others;
}

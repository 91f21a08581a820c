// SPDX-License-Identifier: GPL-2.0-only
/**
 * Which steps of a recording tell how a finding came about.
 *
 * An access tells something where it meets another CPU's: it reads what another has written, it writes what another has
 * read or written before. All others would be the same on a machine of one CPU. Of the locks, those count whose holder
 * does something that tells; and what the trace points say of the subject is told in any case.
 */
import { PAGE_SIZE } from '../../src/arch/sab/memory.ts';
import { FREE } from '../../src/kernel/locking/spinlock.ts';
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { virt_to_page } from '../../src/mm/page_alloc.ts';
import { isAccess, type Step, writes } from './full_recording.ts';
import { ringPlaceOf } from './names.ts';
import { concerns, isPageStruct, type RingPage, type Subject } from './subject.ts';
import { isPageCopy, ringPageAt, slotsOf } from './wording.ts';

/** A step that is told. */
export interface Told {
  readonly step: Step;
  /** How much it tells, against the others. */
  readonly weight: number;
  /** Where it goes wrong. */
  readonly truth: boolean;
  /** For a copy of a page: which. */
  readonly copiedFrom: RingPage | undefined;
  /** For a lock's word: the step at which it is given back, or was taken; undefined if there is none. */
  readonly other: number | undefined;
}

interface Word {
  write: Step | undefined;
  /** By CPU, since the write. */
  readers: Map<number, Step>;
}

/** Steps that meet those of another CPU. */
function meetings(steps: readonly Step[]): Set<number> {
  const words = new Map<number, Word>();
  const met = new Set<number>();
  const meet = (a: Step, b: Step): void => {
    met.add(a.n);
    met.add(b.n);
  };
  for (const step of steps) {
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

/** Trace points that say what a row of an access says, or nothing of a context. */
const NOT_TOLD = /^(migrate_copy|migrate_done|read_events|rcu_gp_start|rcu_gp_end)\n/;
const HEX = /0x[0-9a-f]+/g;

/** Trace points of the subject, and of its requests and their buffers. */
function tracePoints(steps: readonly Step[], subject: Subject, finding: OopsRecord): Step[] {
  const known = new Set([subject.ctx, subject.handle, ...subject.objects]);
  for (const text of finding.objects) for (const hex of text.match(HEX) ?? []) known.add(Number(hex));
  known.delete(0);
  const concerned = (hex: string): boolean => {
    const n = Number(hex);
    return known.has(n) || (subject.ctx !== 0 && n > subject.ctx && subject.placeOf(n).base === subject.ctx);
  };
  return steps.filter(({ kind, text }) => {
    if (kind !== 'trace' || NOT_TOLD.test(text)) return false;
    const numbers = text.match(HEX) ?? [];
    if (!numbers.some(concerned)) return subject.ctx === 0 && text.startsWith('sys_');
    // What stands beside it is its request, or the request's buffer.
    if (/^(aio_complete|device_|sys_io_cancel\n)/.test(text)) for (const hex of numbers) known.add(Number(hex));
    return true;
  });
}

/** Where each lock's word is taken and given back: the steps' numbers, both ways. */
function sections(steps: readonly Step[], subject: Subject): Map<number, number | undefined> {
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

/** What a page that is moved is copied from, by the step that copies. */
function copies(steps: readonly Step[], subject: Subject): Map<number, RingPage> {
  const found = new Map<number, RingPage>();
  const lastOf = new Map<number, Step>();
  for (const step of steps) {
    const before = lastOf.get(step.cpu);
    lastOf.set(step.cpu, step);
    if (!isPageCopy(step) || before?.kind !== 'load' || before.bytes !== step.bytes) continue;
    const from = ringPageAt(subject, before.addr);
    if (from !== undefined) found.set(step.n, from);
  }
  return found;
}

/** Stores to a page of the ring that came after it had been copied: the copy, which is the ring now, lacks them. */
function lostStores(steps: readonly Step[], subject: Subject, copied: ReadonlyMap<number, RingPage>): Set<number> {
  const replaced = new Set<number>();
  const lost = new Set<number>();
  for (const step of steps) {
    const from = copied.get(step.n);
    const to = from === undefined ? undefined : ringPageAt(subject, step.addr);
    if (from !== undefined && to !== undefined && Number.isFinite(to.since)) replaced.add(from.base);
    const page = ringPageAt(subject, step.addr);
    if (from === undefined && page !== undefined && writes(step) && replaced.has(page.base)) lost.add(step.n);
  }
  return lost;
}

/** How much a step on a field tells. */
function weightOf(step: Step, subject: Subject): number {
  if (step.kind === 'trace') return 3;
  const page = ringPageAt(subject, step.addr);
  if (page !== undefined) {
    const at = ringPlaceOf(page.index, step.addr - page.base);
    return 'slot' in at || /^(head|tail)$/.test(at.field) || isPageCopy(step) ? 3 : 1;
  }
  const place = subject.placeOf(step.addr);
  if (place.field.startsWith('ring_pages[')) return 3;
  if (/\.|^(ki_list|active_reqs|flags|lru|index)/.test(place.field)) return 0.5;
  // Where it is freed nothing tells more.
  if (freesPage(step, subject)) return 4;
  if (isPageStruct(place) || place.struct === 'kiocb') return 1;
  return place.lock === '' ? 2 : 1.5;
}

/** What only serves to have something done later. */
const MACHINERY = /(^|\.)(rcu|rcu_head|free_work|f_rcuhead|pcpu_count_ptr)(\.|$)/;
/** Findings that it matters for who frees what. */
const OF_MEMORY = /^(kasan|refcount|leak)/;
/** Findings that the rest of the ring's header matters for. */
const OF_HANDLE = /^(context|submit)/;
/** Findings that a wait queue matters for. */
const OF_SLEEP = /^(wakeup|hang)/;

/** Whether a word is of no interest: words of a lock beside the one that says who has it, links, queues. */
function isBookkeeping(subject: Subject, addr: number, finding: OopsRecord): boolean {
  const page = ringPageAt(subject, addr);
  if (page !== undefined) {
    const at = ringPlaceOf(page.index, addr - page.base);
    return 'field' in at && !/^(head|tail)$/.test(at.field) && !OF_HANDLE.test(finding.kind);
  }
  const { field, lock, lockWord } = subject.placeOf(addr);
  if (lock !== '' && !lockWord) return true;
  return MACHINERY.test(field) || (field.startsWith('wait.') && !OF_SLEEP.test(finding.kind));
}

/** The access that a finding says was wrong. @param number - of the finding among those on record */
function fatalStep(recording: readonly Step[], finding: OopsRecord, number: number): Step | undefined {
  const addr = Number(/ at (0x[0-9a-f]+)/.exec(finding.text[0] ?? '')?.[1] ?? 0);
  if (addr === 0 || finding.cpu < 0) return undefined;
  return recording.findLast(
    (step) =>
      isAccess(step) &&
      step.cpu === finding.cpu &&
      step.oopses <= number &&
      step.addr <= addr &&
      addr < step.addr + step.bytes,
  );
}

/** Whether the last reference to a page is dropped. */
const freesPage = (step: Step, subject: Subject): boolean =>
  step.kind === 'rmw' && step.before === 1 && step.after === 0 && subject.placeOf(step.addr).field === '_count';

/** Whether a step on a struct page is on that of the page which the wrong access was to; any, if none is known. */
const isPageOf = (step: Step, fatal: Step | undefined, subject: Subject): boolean =>
  fatal === undefined || virt_to_page(fatal.addr).addr === subject.placeOf(step.addr).base;

/** Stores to a ring that user space makes, and notes. */
function withoutScribbles(told: readonly Step[]): Step[] {
  return told.filter((step, i) => {
    const before = told[i - 1];
    return step.kind !== 'store' || before?.cpu !== step.cpu || !before.text.startsWith('user_scribble\n');
  });
}

/** Steps of the subject that tell, in order. @param number - of the finding among those on record */
export function tellingSteps(
  recording: readonly Step[],
  subject: Subject,
  finding: OopsRecord,
  number: number,
): Told[] {
  const fatal = fatalStep(recording, finding, number);
  // What a CPU does after it, it does to report it.
  const alive = recording.filter(({ n, cpu }) => n >= subject.since && (cpu !== fatal?.cpu || n <= fatal.n));
  const steps = alive.filter(
    (step) =>
      step === fatal ||
      (isAccess(step) &&
        concerns(subject, step.addr) &&
        (step.bytes >= PAGE_SIZE || !isBookkeeping(subject, step.addr, finding))),
  );
  const plain = steps.filter(({ addr }) => !subject.placeOf(addr).lockWord);
  const copied = copies(recording, subject);
  const lost = lostStores(steps, subject, copied);
  const met = meetings(plain);
  const told = plain.filter((step) => {
    if (step === fatal || lost.has(step.n) || copied.has(step.n)) return true;
    if (freesPage(step, subject)) return OF_MEMORY.test(finding.kind) && isPageOf(step, fatal, subject);
    if (writes(step) && subject.placeOf(step.addr).field.startsWith('ring_pages[')) return true;
    const page = ringPageAt(subject, step.addr);
    // The copy is told once, and an event that is written has a trace point.
    if (page !== undefined && (step.bytes >= PAGE_SIZE || (writes(step) && slotsOf(page, step) !== null))) return false;
    return met.has(step.n);
  });
  const others = sections(steps, subject);
  const locks = steps.filter((step) => {
    if (!others.has(step.n)) return false;
    const other = others.get(step.n);
    if (other === undefined) return step.after !== FREE;
    // Who moves a page has it locked; that is of interest where somebody else wants it.
    if (isPageStruct(subject.placeOf(step.addr))) return false;
    const [from, to] = [Math.min(step.n, other), Math.max(step.n, other)];
    return told.some(({ n, cpu }) => cpu === step.cpu && n > from && n < to);
  });
  const all = [...told, ...locks, ...tracePoints(alive, subject, finding)].sort((a, b) => a.n - b.n);
  return withoutScribbles(all).map((step) => ({
    step,
    weight: weightOf(step, subject),
    truth: lost.has(step.n) || step === fatal,
    copiedFrom: copied.get(step.n),
    other: others.get(step.n),
  }));
}

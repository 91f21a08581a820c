// SPDX-License-Identifier: GPL-2.0-only
/** Where it goes wrong, and what brought it about, as far as a recording shows it by itself. */
import { COPY_BYTES } from '../../../src/arch/sab/memory.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { virt_to_page } from '../../../src/mm/page_alloc.ts';
import { ringPlaceOf } from './places.ts';
import { isAccess, type Step, writes } from './recording.ts';
import type { RingPage, Subject } from './subject.ts';
import { ringPageAt } from './wording.ts';

/** What a page that is moved is copied from, by the steps that store a part of it. */
export function copies(steps: readonly Step[], subject: Subject): Map<number, RingPage> {
  const found = new Map<number, RingPage>();
  const lastOf = new Map<number, Step>();
  for (const step of steps) {
    if (step.kind === 'land') continue;
    const before = lastOf.get(step.cpu);
    lastOf.set(step.cpu, step);
    if (step.kind !== 'store' || step.bytes !== COPY_BYTES) continue;
    if (before?.kind !== 'load' || before.bytes !== COPY_BYTES) continue;
    const from = ringPageAt(subject, before.addr);
    const to = ringPageAt(subject, step.addr);
    if (from === undefined || to === undefined || from === to) continue;
    if (before.addr - from.base === step.addr - to.base) found.set(step.n, from);
  }
  return found;
}

/** Stores to a page of the ring after the place was copied: the copy, which is the ring now, lacks them. */
export function lostStores(
  steps: readonly Step[],
  subject: Subject,
  copied: ReadonlyMap<number, RingPage>,
): Set<number> {
  const replaced = new Set<number>();
  const lost = new Set<number>();
  for (const step of steps) {
    const from = copied.get(step.n);
    const page = ringPageAt(subject, step.addr);
    if (page === undefined) continue;
    if (from === undefined) {
      if (writes(step) && replaced.has(step.addr - (step.addr % COPY_BYTES))) lost.add(step.n);
    } else if (Number.isFinite(page.since)) {
      replaced.add(from.base + step.addr - page.base);
    }
  }
  return lost;
}

/** Stores of the tail with which a full ring comes to look empty. */
export function overflows(steps: readonly Step[], subject: Subject): Set<number> {
  const heads = new Map<number, number>();
  const found = new Set<number>();
  for (const step of steps) {
    const page = ringPageAt(subject, step.addr);
    const at = page === undefined ? undefined : ringPlaceOf(page.index, step.addr - page.base);
    if (at === undefined || 'slot' in at || step.bytes > 4) continue;
    if (at.field === 'head' && step.kind === 'load') heads.set(step.cpu, step.before);
    if (at.field === 'tail' && step.kind === 'store' && heads.get(step.cpu) === step.after) found.add(step.n);
  }
  return found;
}

/** Stores that put an object of the finding where freed ones are kept. */
export function putAway(steps: readonly Step[], subject: Subject, finding: OopsRecord): Set<number> {
  const objects = finding.objects.map(({ addr }) => addr);
  const found = new Set<number>();
  for (const { n, kind, addr, after } of steps) {
    if (kind === 'store' && objects.includes(after >>> 0) && subject.placeOf(addr).struct === 'memory') found.add(n);
  }
  return found;
}

/** The access that a finding says was wrong. @param number - of the finding among those on record */
export function fatalStep(recording: readonly Step[], finding: OopsRecord, number: number): Step | undefined {
  const { address: addr } = finding;
  if (addr === null || finding.cpu < 0) return undefined;
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
export const freesPage = (step: Step, subject: Subject): boolean =>
  step.kind === 'rmw' && step.before === 1 && step.after === 0 && subject.placeOf(step.addr).field === '_count';

/** Whether a step on a struct page is on that of the page which the wrong access was to; any, if none is known. */
export const isPageOf = (step: Step, fatal: Step | undefined, subject: Subject): boolean =>
  fatal === undefined || virt_to_page(fatal.addr).addr === subject.placeOf(step.addr).base;

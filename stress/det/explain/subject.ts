// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a finding is about: a context, the pages that its ring has had, its requests, its file, and the objects that the
 * finding names. Told from the recording, in which the context was made; what lies in RAM at the end may be freed.
 */
import { PAGE_OFFSET } from '../../../src/arch/sab/access.ts';
import { COPY_BYTES } from '../../../src/arch/sab/memory.ts';
import { kiocb, kioctx } from '../../../src/fs/aio/kioctx.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { address_space } from '../../../src/mm/mm_types.ts';
import { kmap_atomic, page, virt_to_page } from '../../../src/mm/page_alloc.ts';
import { type Place, placeOf } from './places.ts';
import { isAccess, isPageCopy, type Step } from './recording.ts';

/** A page while it is, or will be, part of a ring. */
export interface RingPage {
  /** Address of its memory, and of its struct page. */
  readonly base: number;
  readonly struct: number;
  readonly index: number;
  /** Step at which ring_pages[index] got it. */
  readonly since: number;
}

export interface Subject {
  /** Address of the kioctx, 0 if the finding is about none. */
  readonly ctx: number;
  /** What user space calls it. */
  readonly handle: number;
  /** By the address of their memory. */
  readonly ringPages: ReadonlyMap<number, RingPage>;
  /** Addresses of the other objects. */
  readonly objects: ReadonlySet<number>;
  /** Step at which the context was there for all. */
  readonly since: number;
  readonly placeOf: (addr: number) => Place;
}

const OFFSET = kioctx.offsetof;

/** The contexts of a recording, and the step that gave each its handle. */
function contexts(steps: readonly Step[], at: (addr: number) => Place): { ctx: number; handle: number; n: number }[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'store') return [];
    const { struct, base } = at(step.addr);
    if (struct !== 'kioctx' || step.addr !== base + OFFSET.user_id) return [];
    return [{ ctx: base, handle: step.after, n: step.n }];
  });
}

/** The pages that a context's ring has had. */
function ringPagesOf(ctx: number, steps: readonly Step[]): Map<number, RingPage> {
  const array = steps.findLast(
    ({ kind, addr, after }) => kind === 'store' && addr === ctx + OFFSET.ring_pages && after !== 0,
  );
  const from = (array?.after ?? 0) >>> 0;
  const found = new Map<number, RingPage>();
  const count = steps.findLast(({ kind, addr }) => kind === 'store' && addr === ctx + OFFSET.nr_pages)?.after ?? 0;
  for (const { kind, addr, after, n } of steps) {
    if (kind !== 'store' || after === 0 || addr < from || addr >= from + 4 * count) continue;
    const base = kmap_atomic(after);
    found.set(base, { base, struct: after, index: (addr - from) >>> 2, since: n });
  }
  return found;
}

/** Pages that the contents of a ring's page were copied to, but that never became the ring's. */
function addRefused(pages: Map<number, RingPage>, steps: readonly Step[]): void {
  steps.forEach((step, i) => {
    if (!isPageCopy(step) || pages.has(step.addr)) return;
    const from = steps.slice(Math.max(0, i - 400), i).findLast(({ cpu }) => cpu === step.cpu);
    const old = from?.kind === 'load' && from.bytes === COPY_BYTES ? pages.get(from.addr) : undefined;
    if (old === undefined) return;
    const struct = virt_to_page(step.addr).addr;
    pages.set(step.addr, { base: step.addr, struct, index: old.index, since: Number.POSITIVE_INFINITY });
  });
}

/** Objects that belong to the context: its requests, the mapping of its file. */
function belongings(ctx: number, steps: readonly Step[], at: (addr: number) => Place): Set<number> {
  const found = new Set<number>([ctx]);
  for (const { kind, addr, after } of steps) {
    if (kind !== 'store' || after >>> 0 !== ctx) continue;
    const { struct, base } = at(addr);
    const offset = addr - base;
    if (struct === 'kiocb' && offset === kiocb.offsetof.ki_ctx) found.add(base);
    if (struct === 'address_space' && offset === address_space.offsetof.private_data) found.add(base);
  }
  return found;
}

/** @param cpus - of the machine, which stands as the recording left it */
export function subjectOf(finding: OopsRecord, steps: readonly Step[], cpus: number): Subject {
  const places = new Map<number, Place>();
  const at = (addr: number): Place => {
    const word = addr & ~3;
    let place = places.get(word);
    if (place === undefined) {
      place = placeOf(word, cpus);
      places.set(word, place);
    }
    return place;
  };
  const all = contexts(steps, at);
  const named = finding.objects.map(({ addr }) => addr);
  const touched = steps.findLast(
    (step) => isAccess(step) && (finding.cpu < 0 || step.cpu === finding.cpu) && at(step.addr).struct === 'kioctx',
  );
  const chosen =
    all.findLast(({ ctx, handle }) => named.includes(ctx) || named.includes(handle)) ??
    all.findLast(({ ctx }) => touched !== undefined && ctx === at(touched.addr).base);
  const objects = chosen === undefined ? new Set<number>() : belongings(chosen.ctx, steps, at);
  for (const addr of named) {
    if (addr >= PAGE_OFFSET) objects.add(at(addr).base);
  }
  const ringPages = chosen === undefined ? new Map<number, RingPage>() : ringPagesOf(chosen.ctx, steps);
  addRefused(ringPages, steps);
  for (const { struct } of ringPages.values()) objects.add(struct);
  const published = steps.find(({ note, n }) => note?.point === 'ioctx_alloc' && n > (chosen?.n ?? 0));
  return {
    ctx: chosen?.ctx ?? 0,
    handle: chosen?.handle ?? 0,
    ringPages,
    objects,
    since: chosen === undefined ? 0 : (published?.n ?? chosen.n),
    placeOf: at,
  };
}

/** Whether a step is on an object of the subject. */
export function concerns(subject: Subject, addr: number): boolean {
  const { struct, base } = subject.placeOf(addr);
  return struct === 'memory' ? subject.ringPages.has(base) || subject.objects.has(base) : subject.objects.has(base);
}

export const isPageStruct = ({ struct }: Place): boolean => struct === page.structName;

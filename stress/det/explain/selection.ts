// SPDX-License-Identifier: GPL-2.0-only
/**
 * Which steps of a recording tell how a finding came about.
 *
 * An access tells something where it meets another CPU's: it reads what another has written, it writes what another has
 * read or written before. All others would be the same on a machine of one CPU. Of the locks, those count whose holder
 * does something that tells; and what the trace points say of the subject is told in any case.
 */
import { FREE } from '../../../src/kernel/locking/spinlock.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { type ArgumentKind, argumentsOf, type PointName, syscallOf } from '../../../src/trace/events.ts';
import { meetings, sections, waiting } from './meetings.ts';
import { ringPlaceOf } from './places.ts';
import { isAccess, isPageCopy, type Step, writes } from './recording.ts';
import { concerns, isPageStruct, type Subject } from './subject.ts';
import type { Told } from './told.ts';
import { copies, fatalStep, freesPage, isPageOf, lostStores, overflows, putAway } from './turning_points.ts';
import { ringPageAt, slotsOf } from './wording.ts';

/** Trace points that say what a row of an access says, or nothing of a context. */
const NOT_TOLD: ReadonlySet<PointName> = new Set([
  'migrate_copy',
  'migrate_done',
  'read_events',
  'rcu_gp_start',
  'rcu_gp_end',
]);
/** Arguments that are addresses of something. */
const OBJECTS: ReadonlySet<ArgumentKind> = new Set([
  'kioctx',
  'handle',
  'ring',
  'iocb',
  'iocb_argument',
  'request',
  'buffer',
  'user',
  'page',
  'work',
  'mm',
]);
/** Trace points whose other objects belong to the one of the subject: its request, or the request's buffer. */
const OF_REQUESTS: ReadonlySet<PointName> = new Set([
  'aio_complete',
  'device_queue',
  'device_write',
  'device_cancel',
  'sys_io_cancel',
]);

/** Trace points of the subject, and of its requests and their buffers. */
function tracePoints(steps: readonly Step[], subject: Subject, finding: OopsRecord): Step[] {
  const known = new Set([subject.ctx, subject.handle, ...subject.objects]);
  for (const { addr } of finding.objects) known.add(addr);
  known.delete(0);
  const concerned = (n: number): boolean =>
    known.has(n) || (subject.ctx !== 0 && n > subject.ctx && subject.placeOf(n).base === subject.ctx);
  return steps.filter(({ note, cpu }) => {
    if (note === null || NOT_TOLD.has(note.point)) return false;
    const objects = argumentsOf(note).flatMap(({ kind, value }) => (OBJECTS.has(kind) ? [value >>> 0] : []));
    if (!objects.some(concerned)) {
      return (subject.ctx === 0 && syscallOf(note) !== null) || (cpu === finding.cpu && note.point === 'exit_aio');
    }
    if (OF_REQUESTS.has(note.point)) for (const n of objects) known.add(n);
    return true;
  });
}

/** Sorts of notes of which a row tells many. */
const IN_RUNS: ReadonlySet<PointName> = new Set(['aio_complete', 'device_queue', 'device_write', 'refill']);

/** What must be alike for steps to be told as one; null for what stands for itself. */
function sortOf({ step, truth }: Told, subject: Subject): string | null {
  if (truth) return null;
  const page = ringPageAt(subject, step.addr);
  if (step.kind === 'load' && page !== undefined && slotsOf(page, step) !== null) return `${page.base} ${step.how}`;
  return step.note !== null && IN_RUNS.has(step.note.point) ? step.note.point : null;
}

/** The last slot that a step is about. */
function slotOf(step: Step, subject: Subject): number {
  const page = ringPageAt(subject, step.addr);
  const slots = page === undefined ? null : slotsOf(page, step);
  return slots?.[1] ?? (step.note?.point === 'aio_complete' ? step.note.args.slot : -1);
}

/** Makes notes of one sort in a row one, and loads of events. Slots count up in a run. */
function inRuns(told: readonly Told[], subject: Subject): Told[] {
  const runs: Told[] = [];
  for (const one of told) {
    const last = runs.at(-1);
    const sort = sortOf(one, subject);
    const goesOn =
      last !== undefined &&
      sort !== null &&
      last.step.cpu === one.step.cpu &&
      sortOf(last, subject) === sort &&
      slotOf(one.step, subject) >= slotOf(last.until, subject);
    if (goesOn) runs[runs.length - 1] = { ...last, times: last.times + one.times, until: one.until };
    else runs.push(one);
  }
  return runs;
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
/** Findings that come of a ring that is too full. */
const OF_SLOTS = /^(slot|event)/;
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

/** Whether an event, or where events begin and end, is read as it was before. */
const isStale = (step: Step, subject: Subject, finding: OopsRecord): boolean =>
  step.how === 'older' && OF_SLOTS.test(finding.kind) && ringPageAt(subject, step.addr) !== undefined;

/** Stores to a ring that user space makes, and notes. */
function withoutScribbles(told: readonly Step[]): Step[] {
  return told.filter((step, i) => {
    const before = told[i - 1];
    return step.kind !== 'store' || before?.cpu !== step.cpu || before.note?.point !== 'user_scribble';
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
  const copied = copies(recording, subject);
  const steps = alive.filter(
    (step) =>
      step === fatal ||
      ((isAccess(step) || step.kind === 'land') &&
        concerns(subject, step.addr) &&
        (copied.has(step.n) || !isBookkeeping(subject, step.addr, finding))),
  );
  const plain = steps.filter((step) => step === fatal || !subject.placeOf(step.addr).lockWord);
  const lost = lostStores(steps, subject, copied);
  const met = meetings(plain);
  const waited = waiting(plain, met);
  const full = OF_SLOTS.test(finding.kind) ? overflows(steps, subject) : new Set<number>();
  const freed = OF_MEMORY.test(finding.kind) ? putAway(alive, subject, finding) : new Set<number>();
  const told = plain.filter((step) => {
    if (full.has(step.n)) return true;
    if (step === fatal || lost.has(step.n)) return true;
    // A copy is told once, where it begins.
    if (copied.has(step.n)) return isPageCopy(step);
    if (freesPage(step, subject)) return OF_MEMORY.test(finding.kind) && isPageOf(step, fatal, subject);
    if (writes(step) && subject.placeOf(step.addr).field.startsWith('ring_pages[')) return true;
    const page = ringPageAt(subject, step.addr);
    // An event that is written has a trace point.
    const isEvent = page !== undefined && step.kind === 'store' && slotsOf(page, step) !== null;
    if (page !== undefined && isEvent && step.how === 'ram') return false;
    return met.has(step.n) || waited.has(step.n);
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
  const frees = alive.filter(({ n }) => freed.has(n));
  const notes = tracePoints(alive, subject, finding);
  const all = [...new Set([...told, ...frees, ...locks, ...notes])].sort((a, b) => a.n - b.n);
  const each = withoutScribbles(all).map((step) => ({
    step,
    weight: freed.has(step.n) ? 4 : weightOf(step, subject),
    truth: lost.has(step.n) || full.has(step.n) || isStale(step, subject, finding) || step === fatal,
    copiedFrom: copied.get(step.n),
    other: others.get(step.n),
    times: 1,
    until: step,
    frees: freed.has(step.n),
    note: full.has(step.n) ? '   (the ring is full now, and looks empty)' : '',
  }));
  return inRuns(each, subject);
}

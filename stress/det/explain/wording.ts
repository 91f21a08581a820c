// SPDX-License-Identifier: GPL-2.0-only
/** A step in the kernel's words: `ring->head = 5   (written to the old page)`. */
import { PAGE_OFFSET } from '../../../src/arch/sab/access.ts';
import { PAGE_SIZE } from '../../../src/arch/sab/memory.ts';
import { FREE } from '../../../src/kernel/locking/spinlock.ts';
import { kmap_atomic } from '../../../src/mm/page_alloc.ts';
import { type ArgumentKind, noteWords, type TraceNote, whoseStep } from '../../../src/trace/events.ts';
import { type Place, ringPlaceOf } from './places.ts';
import type { Step } from './recording.ts';
import type { RingPage, Subject } from './subject.ts';
import type { Told } from './told.ts';

/** Whether a step changes a word, now or once it leaves the store buffer. */
const isStore = ({ kind }: Step): boolean => kind !== 'load';

/** How the things are called that a number names; what is called by its place in a row, such as a page, by the rows. */
export interface Names {
  /** The page that the row before was about: a load does not say it again. */
  readonly spoken?: number | undefined;
  /** By the address of a page's memory: `old page`. */
  readonly pages: ReadonlyMap<number, string>;
  /** By a user address, or a request's: `iocb A`. */
  readonly things: ReadonlyMap<number, string>;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Calls the pages that are spoken of by their order: the old page, the new one. Where there are more than two, these
 * are the one that it goes wrong with, and its successor.
 *
 * @param wrong - the one that it goes wrong with, if there is one
 */
export function namePages(spokenOf: readonly RingPage[], wrong: RingPage | undefined): Map<number, string> {
  const names = new Map<number, string>();
  const indexes = new Set(spokenOf.map(({ index }) => index));
  for (const index of indexes) {
    const pages = spokenOf.filter((one) => one.index === index).sort((a, b) => a.since - b.since);
    const of = indexes.size > 1 && pages.length > 1 ? ` of ring_pages[${index}]` : '';
    const old = pages.length === 2 ? 0 : wrong === undefined ? -1 : pages.indexOf(wrong);
    pages.forEach(({ base }, i) => {
      const letter = `page ${LETTERS[i % LETTERS.length]}`;
      const order = old < 0 ? letter : i === old ? 'old page' : i === old + 1 ? 'new page' : letter;
      names.set(base, pages.length === 1 ? `ring_pages[${index}]` : `${order}${of}`);
    });
  }
  return names;
}

/** Calls things of one sort by letters, or plainly if there is one. */
export function nameThings(sorts: Readonly<Record<string, ReadonlySet<number>>>): Map<number, string> {
  const names = new Map<number, string>();
  for (const [sort, numbers] of Object.entries(sorts)) {
    [...numbers].forEach((n, i) => {
      names.set(n, numbers.size === 1 ? sort : `${sort} ${LETTERS[i] ?? i}`);
    });
  }
  return names;
}

/** The slots of a ring that a step touches. */
export function slotsOf(page: RingPage, { addr, bytes }: Step): [number, number] | null {
  const first = ringPlaceOf(page.index, addr - page.base);
  const last = ringPlaceOf(page.index, addr - page.base + Math.max(1, bytes) - 1);
  return 'slot' in first && 'slot' in last ? [first.slot, last.slot] : null;
}

/** Page of the ring that a step is in. */
export const ringPageAt = (subject: Subject, addr: number): RingPage | undefined =>
  subject.ringPages.get(addr & -PAGE_SIZE);

/** Whether a step writes a whole page, as moving one does. */
/** What an object is called. */
export const objectName = (addr: number, subject: Subject): string =>
  addr === subject.ctx ? 'ctx' : `the ${subject.placeOf(addr).struct}`;

function numberText(value: number, subject: Subject, names: Names): string {
  const addr = value >>> 0;
  if (addr === subject.ctx && addr !== 0) return 'ctx';
  if (addr < PAGE_OFFSET) return String(value);
  const place = subject.placeOf(addr);
  if (place.struct === 'page') return names.pages.get(kmap_atomic(place.base)) ?? 'a page';
  // Counts that are biased, hashes and the like.
  if (place.struct === 'memory') return value < 0 ? String(value) : `0x${addr.toString(16)}`;
  return `a ${place.struct}`;
}

/** What points to an object on some task's stack. */
const ON_STACK: Readonly<Record<string, string>> = { requests_done: 'who waits for them' };
/** Fields that are pointers, whose 0 is NULL. */
const POINTERS = /^(ring_pages\[|private_data$|ki_ctx$|ki_filp$|aio_ring_file$|requests_done$|mapping$|page_tree$)/;
/** Parts of a field that say nothing by their numbers. */
const LISTS = /(^|\.)(next|prev)$/;
/** In percpu mode a count is far below zero. */
const BIAS = 2 ** 31;

function fieldText(place: Place, subject: Subject, names: Names): string {
  const { struct, base, field } = place;
  if (struct === 'page') return `${names.pages.get(kmap_atomic(base)) ?? 'page'}: ${field}`;
  if (struct === 'kioctx') return field.startsWith('ring_pages[') ? field : `ctx->${field}`;
  if (struct === 'address_space') return `mapping->${field}`;
  if (struct === 'kiocb') return `req->${field}`;
  if (struct === 'aio_globals') return field;
  if (struct === 'memory') return subject.objects.has(base) ? 'the page' : 'memory';
  return field === '' ? struct : `${struct}->${field}`;
}

/** A change of a word, or what it is. */
function changed(what: string, step: Step, value: (n: number) => string): string {
  if (step.kind === 'load' || (step.kind === 'rmw' && step.before === step.after)) {
    return `${what} → ${value(step.before)}`;
  }
  const was = step.kind === 'rmw' ? `, was ${value(step.before)}` : '';
  return `${what} = ${value(step.after)}${was}`;
}

/** How a lock's word changes hands. */
export function lockText(place: Place, step: Step, names: Names): string {
  const of = place.struct === 'page' ? `${names.pages.get(kmap_atomic(place.base)) ?? 'page'}: ` : '';
  if (step.after === FREE) return `${of}${place.lock} ← free`;
  return step.before === FREE && isStore(step) ? `${of}${place.lock} ← taken` : `${of}${place.lock} is taken`;
}

const range = ([first, last]: [number, number]): string =>
  first === last ? `event ${first}` : `events ${first}..${last}`;

/** What follows the field where several pages could be meant. */
function whichPage(page: RingPage, step: Step, names: Names): string {
  const name = names.pages.get(page.base) ?? '';
  if (name === '' || name.startsWith('ring_pages')) return '';
  if (!isStore(step) && names.spoken === page.base) return '';
  return `   (${isStore(step) ? 'written to' : 'of'} ${/^page [A-Z]/.test(name) ? '' : 'the '}${name})`;
}

function ringText(page: RingPage, step: Step, until: Step, names: Names, copiedFrom: RingPage | undefined): string {
  const name = names.pages.get(page.base) ?? 'page';
  if (copiedFrom !== undefined) return `copies ${names.pages.get(copiedFrom.base) ?? 'a page'} to ${name}`;
  const which = whichPage(page, step, names);
  const slots = slotsOf(page, step);
  const ends = slotsOf(page, until);
  if (slots !== null && ends !== null) {
    return `${isStore(step) ? 'writes' : step.bytes > 4 ? 'copies' : 'reads'} ${range([slots[0], ends[1]])}${which}`;
  }
  const at = ringPlaceOf(page.index, step.addr - page.base);
  return `${changed(`ring->${'field' in at ? at.field : '…'}`, step, (n) => String(n >>> 0))}${which}`;
}

/** What is to be said of an access that does not go to RAM. */
function howText({ kind, how }: Step): string {
  if (kind === 'land') return '   (leaves its store buffer)';
  if (how === 'buffered') return '   (waits in its store buffer)';
  return how === 'older' ? '   (an older value)' : '';
}

/** A step of RAM in words. */
export const wording = (told: Told, subject: Subject, names: Names): string =>
  plainWording(told, subject, names) + howText(told.step);

function plainWording({ step, until, copiedFrom }: Told, subject: Subject, names: Names): string {
  const page = ringPageAt(subject, step.addr);
  if (page !== undefined) return ringText(page, step, until, names, copiedFrom);
  const place = subject.placeOf(step.addr);
  if (place.lockWord) return lockText(place, step, names);
  if (place.struct === 'page' && place.field === '_count' && step.before === 1 && step.after === 0) {
    return `frees ${names.pages.get(kmap_atomic(place.base)) ?? 'a page'}`;
  }
  const what = fieldText(place, subject, names);
  if (LISTS.test(place.field)) {
    return `${what.replace(/\.(next|prev)$/, '')}: the list ${isStore(step) ? 'changes' : 'is read'}`;
  }
  if (place.struct === 'memory' || place.field === '') return `${isStore(step) ? 'writes' : 'reads'} ${what}`;
  return changed(what, step, (n) => {
    if (n === 0 && POINTERS.test(place.field)) return 'NULL';
    if (n !== 0 && place.field in ON_STACK) return ON_STACK[place.field] ?? '';
    if (place.field.endsWith('.count') && n < -(2 ** 30)) return String(n + BIAS);
    return numberText(n, subject, names);
  });
}

/** A note as a row has it: the function of the kernel whose step it is, and the rest. */
export interface NoteText {
  readonly who: string;
  readonly text: string;
}

/** Notes in a row, as one: `events 0..126 ← 127 iocbs`. */
export function runWording(first: TraceNote, last: TraceNote, times: number): NoteText {
  const who = whoseStep(first);
  if (first.point === 'aio_complete' && last.point === 'aio_complete') {
    return { who, text: `events ${first.args.slot >>> 0}..${last.args.slot >>> 0} ← ${times} iocbs` };
  }
  const plain: Partial<Record<ArgumentKind, string>> = { request: 'a request', user: 'user memory' };
  return { who, text: `${noteWords(first, (kind) => plain[kind] ?? null)}, ${times} times` };
}

/** A note in C's way: what is an object or a user address has the name that the rows give it. */
export function noteWording(note: TraceNote, subject: Subject, names: Names): NoteText {
  const who = whoseStep(note);
  const isOurs = (kioctx: number): boolean => kioctx >>> 0 === subject.ctx;
  if (note.point === 'user_scribble') {
    const { word, value } = note.args;
    const at = ringPlaceOf(0, 4 * word);
    return { who, text: `user scribbles: ring->${'field' in at ? at.field : `word ${word}`} = ${value >>> 0}` };
  }
  if (note.point === 'kill_ioctx' && isOurs(note.args.ctx)) return { who, text: 'ctx->dead ← 1' };
  if (note.point === 'aio_complete' && isOurs(note.args.ctx)) {
    const { slot, obj } = note.args;
    return { who, text: `event ${slot >>> 0} ← ${names.things.get(obj >>> 0) ?? 'an iocb'}` };
  }
  const text = noteWords(note, (kind, value) => argumentWording(kind, value >>> 0, subject, names));
  return { who, text: text.replaceAll('<-', '←').replaceAll(' -> ', ' → ') };
}

function argumentWording(kind: ArgumentKind, value: number, subject: Subject, names: Names): string | null {
  switch (kind) {
    case 'kioctx':
      return value === subject.ctx ? 'ctx' : null;
    case 'handle':
      return value === subject.handle ? 'ctx' : null;
    case 'ring':
      return value === subject.handle ? 'ring' : null;
    case 'iocb':
    case 'iocb_argument':
    case 'request':
    case 'buffer':
    case 'user':
      return names.things.get(value) ?? null;
    case 'page':
      return names.pages.get(kmap_atomic(value)) ?? null;
    case 'work': {
      const { base, field } = subject.placeOf(value);
      return base === subject.ctx ? `work ctx->${field.split('.')[0]}` : null;
    }
    case 'mm':
      return 'mm';
    default:
      return null;
  }
}

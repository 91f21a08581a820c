// SPDX-License-Identifier: GPL-2.0-only
/**
 * Where contention is: the functions that wait for locks, and those that hold them meanwhile, with counts.
 *
 * A table for each CPU, outside RAM, to which it adds the sites that it comes across: the text once, then a count. A
 * CPU knows its own sites by the frame as V8 prints it, so that a known site costs one look in a map.
 *
 * @linux kernel/locking/lockdep.c lock_point(), contention_point[] and contending_point[] v3.17
 */
import { type Bytes, createBytes, createWords, type Words, wordLoad, wordStore } from '../../arch/sab/words.ts';
import { frameOf } from '../oops.ts';
import { LOCK_CLASS_COUNT } from './classes.ts';

/** Sites that a CPU has room for: each is one of a class and a kind. */
export const SITES_MAX = 128;
/** [sites, -, -, -], then [count, class, kind, bytes of text] for each */
const SITE_WORDS = 4;
const CPU_WORDS = SITE_WORDS * (SITES_MAX + 1);
const TEXT_BYTES = 128;

/** What a site is: where somebody waits for the lock, or where the one that holds it releases it. */
export const WAITER = 0;
export const HOLDER = 1;

/** The tables. Can be posted. */
export interface Sites {
  readonly words: Words;
  readonly texts: Bytes;
}
export const createSites = (cpus: number): Sites => ({
  words: createWords(cpus * CPU_WORDS),
  texts: createBytes(cpus * SITES_MAX * TEXT_BYTES),
});

/** Frames to look at: at most nine are this folder's. */
const FRAMES = 10;
/** Frames that are nobody's site. */
const PLUMBING = '/kernel/locking/';
const captured: { stack?: string } = {};

/** The innermost frame outside of the locks, as V8 prints it; empty if there is none. */
function callerFrame(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(captured, callerFrame);
  Error.stackTraceLimit = limit;
  const stack = captured.stack ?? '';
  for (let at = stack.indexOf('\n') + 1; at > 0; ) {
    const end = stack.indexOf('\n', at);
    const frame = end < 0 ? stack.slice(at) : stack.slice(at, end);
    if (!frame.includes(PLUMBING)) return frame;
    at = end + 1;
  }
  return '';
}

/** The sites of this CPU. */
export class SiteTable {
  private readonly words: Words;
  private readonly texts: Bytes;
  private readonly cpu: number;
  /** Index of a site in the table, by class and kind, then by frame. */
  private readonly known = Array.from({ length: 2 * LOCK_CLASS_COUNT }, () => new Map<string, number>());

  constructor({ words, texts }: Sites, cpu: number) {
    this.words = words;
    this.texts = texts;
    this.cpu = cpu;
    // So that V8 has compiled this before the first who waits.
    frameOf(callerFrame());
  }

  /** Counts the site from which the locks were called. @returns its index, -1 if it found no room */
  count(cls: number, kind: number, weight: number): number {
    const frame = callerFrame();
    const known = this.known[2 * cls + kind] as Map<string, number>;
    let site = known.get(frame);
    if (site === undefined) {
      site = this.add(cls, kind, frame);
      known.set(frame, site);
    }
    if (site < 0) return site;
    const at = this.cpu * CPU_WORDS + SITE_WORDS * (site + 1);
    this.words[at] = (this.words[at] as number) + weight;
    return site;
  }

  private add(cls: number, kind: number, frame: string): number {
    const base = this.cpu * CPU_WORDS;
    const site = this.words[base] as number;
    if (site >= SITES_MAX) return -1;
    const text = new TextEncoder().encode(frameOf(frame)?.line ?? '(unknown)').subarray(0, TEXT_BYTES);
    this.texts.set(text, (this.cpu * SITES_MAX + site) * TEXT_BYTES);
    const at = base + SITE_WORDS * (site + 1);
    this.words.set([0, cls, kind, text.length], at);
    // Last: the reader takes what is below for whole.
    wordStore(this.words, base, site + 1);
    return site;
  }
}

/** A site of a CPU, as it was counted. */
interface CountedSite {
  readonly cls: number;
  readonly kind: number;
  readonly count: number;
  /** `aio_complete (src/fs/aio/completion.js:45:7)` */
  readonly text: string;
}

/** The sites of a CPU, by index. */
export function readSites({ words, texts }: Sites, cpu: number): CountedSite[] {
  const base = cpu * CPU_WORDS;
  const bytes = Buffer.from(texts.buffer);
  return Array.from({ length: wordLoad(words, base) }, (_, site) => {
    const at = base + SITE_WORDS * (site + 1);
    const from = (cpu * SITES_MAX + site) * TEXT_BYTES;
    return {
      count: words[at] as number,
      cls: words[at + 1] as number,
      kind: words[at + 2] as number,
      text: bytes.toString('latin1', from, from + (words[at + 3] as number)),
    };
  });
}

/** Forgets the sites. A CPU that goes on counting needs a new SiteTable. */
export function clearSites({ words }: Sites, cpus: number): void {
  for (let cpu = 0; cpu < cpus; cpu++) if (words[cpu * CPU_WORDS] !== 0) words[cpu * CPU_WORDS] = 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a drawn trace has made so far: which names there are, and what is known of them whatever a kernel answers.
 *
 * A draw picks by number, and the model says what that number means where the draw stands. So any draws make a trace.
 */
import type { TraceOp } from '../trace/trace.ts';

/** Contexts that a trace may have alive at once; more of them show nothing more. */
const ALIVE_MAX = 5;
/** Pipes, each with a poll of its own. */
const PIPES = 3;
export const FILE_BYTES = 8192;
/** Iocbs that are written at once, i0 and so on: more than the smallest ring has slots. */
export const BULK = 160;
/** Requests that no ring refuses, however they are spread over its batches. */
const SURELY_FREE = 20;

export interface Context {
  readonly name: string;
  alive: boolean;
  /** Whether its ring's header is as the kernel left it, so that calls do find it. */
  sound: boolean;
  /** Requests that it was asked to take, at most. */
  asked: number;
}

/** A poll of a pipe: it must be known for sure to be pending before it is completed. */
interface Poll {
  readonly iocb: string;
  readonly wfd: string;
  state: 'free' | 'pending' | 'unsure';
  context: Context | null;
}

/** An item of a list by a number that may be any. */
export const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

export class Model {
  readonly contexts: Context[] = [];
  readonly polls: Poll[] = Array.from({ length: PIPES }, (_, i) => ({
    iocb: `p${i}`,
    wfd: `w${i}`,
    state: 'free',
    context: null,
  }));
  /** Names of iocbs that the trace has written, without the polls. */
  readonly iocbs: string[] = [];
  readonly fds = new Set<string>(['rw', 'r', 'w', 'e', 'pr', 'pw']);
  /** Whether anything was closed: the number of what was open then may be another's. */
  hasClosed = false;
  /** Whether the iovec is there. */
  hasVector = false;
  private made = 0;

  /** What every trace begins with. */
  static readonly PREAMBLE: readonly TraceOp[] = [
    { op: 'file', file: 'f', size: FILE_BYTES, seed: 1 },
    { op: 'open', fd: 'rw', file: 'f', mode: 'rw' },
    { op: 'open', fd: 'r', file: 'f', mode: 'r' },
    { op: 'open', fd: 'w', file: 'f', mode: 'w' },
    { op: 'open', fd: 'dir', mode: 'r', directory: true },
    { op: 'eventfd', fd: 'e' },
    { op: 'pipe', r: 'pr', w: 'pw' },
    { op: 'buffer', buf: 'b', size: 2 * FILE_BYTES },
    ...Array.from({ length: PIPES }, (_, i): TraceOp[] => [
      { op: 'pipe', r: `r${i}`, w: `w${i}` },
      { op: 'iocb', iocb: `p${i}`, cmd: 'poll', fd: `r${i}`, events: 1, data: 100 + i },
    ]).flat(),
    {
      op: 'iocbs',
      prefix: 'i',
      count: BULK,
      cmd: 'pread',
      each: { fd: 'rw', buf: 'b', nbytes: 8, data: 200 },
      stride: 8,
      bufstride: 8,
    },
  ];

  /** A name for a new context, or one that is dead; null if there are enough. */
  newContext(again: boolean): Context | null {
    if (this.contexts.filter(({ alive }) => alive).length >= ALIVE_MAX) return null;
    const dead = again ? this.contexts.find(({ alive }) => !alive) : undefined;
    if (dead !== undefined) return dead;
    const context = { name: `c${this.made++}`, alive: false, sound: false, asked: 0 };
    this.contexts.push(context);
    return context;
  }

  /** Contexts that are alive, or those that are not. */
  private those(alive: boolean): Context[] {
    return this.contexts.filter((context) => context.alive === alive);
  }

  /** A context by a number: mostly a living one, at times a dead one. @returns null if there is none */
  context(n: number): Context | null {
    const living = this.those(true);
    const dead = this.those(false);
    const from = (n % 10 === 0 && dead.length > 0) || living.length === 0 ? dead : living;
    return from.length === 0 ? null : pick(from, Math.floor(n / 10));
  }

  /** A living context by a number that takes more requests for sure. @returns null if there is none */
  contextWithRoom(n: number): Context | null {
    const roomy = this.contexts.filter((context) => this.hasRoom(context));
    return roomy.length === 0 ? null : pick(roomy, n);
  }

  /** That a context was handed so many iocbs. */
  ask(context: Context | null, requests: number): void {
    if (context !== null) context.asked += requests;
  }

  /** The context was destroyed, if it could be found. */
  destroyed(context: Context): void {
    if (context.sound) context.alive = false;
    for (const poll of this.polls) if (poll.context === context) poll.state = context.sound ? 'free' : 'unsure';
  }

  /** The ring's header was written over. */
  doubt(context: Context): void {
    context.sound = false;
  }

  /** Whether the context takes one more request for sure. */
  hasRoom({ alive, sound, asked }: Context): boolean {
    return alive && sound && asked < SURELY_FREE;
  }
}

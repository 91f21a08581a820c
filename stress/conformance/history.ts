// SPDX-License-Identifier: GPL-2.0-only
/** What the ops of a trace have made so far, as far as its coming answers depend on it. */
import { outOfUserSpace } from './refusals.ts';
import type { Answer, Long, TraceOp } from './trace.ts';

/** Quota of a host that nobody has set. */
const AIO_MAX_NR = 0x10000;
const IN_PROGRESS = '-EINPROGRESS';

/** The ring of a context that has done nothing yet. */
export interface Ring {
  /** 0 where nobody knows */
  readonly slots: number;
  /** as user space has left it */
  readonly head: number;
}

/** What a descriptor is of. */
export type Opened = 'eventfd' | { readonly mode: string; readonly directory: boolean };

interface Context {
  readonly asked: number;
  readonly id: number;
  readonly slots: number;
  head: number;
  /** Whether user space has written what the head is, or what it comes to be. */
  mayLie: boolean;
  /** Whether it has been asked for anything, or its ring been read. */
  isUntouched: boolean;
  /** The word in the ring's header that says which context it is, which user space may have overwritten. */
  idInRing: number;
}

export class History {
  readonly cpus: number;
  /** Contexts that are alive, by name. */
  private readonly contexts = new Map<string, Context>();
  /** Contexts that are alive, and whose name means another one now. */
  private readonly nameless: Context[] = [];
  /** How each iocb was last written. */
  readonly iocbs = new Map<string, Partial<TraceOp>>();
  /** What vectors say. */
  readonly vectors = new Map<string, NonNullable<TraceOp['vec']>>();
  /** What is open, by name. */
  readonly opened = new Map<string, Opened>();
  /** Names of iocbs of which a pending request was cancelled. */
  readonly cancelled = new Set<string>();
  /** Data of each iocb's pending requests, oldest first. */
  readonly inFlight = new Map<string, Long[]>();
  aioMaxNr = AIO_MAX_NR;
  /** Whether v3.17 has refused something before it looked for a slot, and today's kernel not before that. */
  onlyTodayLooked = false;

  /** @param cpus - possible CPUs */
  constructor(cpus: number) {
    this.cpus = cpus;
  }

  /** Contexts that are alive. */
  alive(): readonly Context[] {
    return [...this.contexts.values(), ...this.nameless];
  }

  /** Whether a name stands for a context that every call finds. */
  isAlive(ctx: string | undefined): boolean {
    const context = this.contexts.get(ctx ?? '');
    return context !== undefined && context.id === context.idInRing;
  }

  /** The ring of such a context; null if it is not, or not any more. */
  untouched(ctx: string | undefined): Ring | null {
    const context = this.contexts.get(ctx ?? '');
    return context?.isUntouched === true && this.isAlive(ctx) ? context : null;
  }

  /** Whether the head of that context may be another than what was read. */
  mayLie(ctx: string | undefined): boolean {
    return this.contexts.get(ctx ?? '')?.mayLie === true;
  }

  /** An op was done. @param answer - today's; what it does not say went well */
  follow(op: TraceOp, answer: Answer): void {
    const { ctx = '', iocb = '' } = op;
    const ok = answer['ret'] === undefined || answer['ret'] === 0;
    switch (op.op) {
      case 'io_setup':
        if (ok) this.setUp(ctx, op.nr_events ?? 0, answer);
        break;
      case 'io_destroy':
        if (ok) this.contexts.delete(ctx);
        break;
      case 'io_cancel':
        if (answer['ret'] === IN_PROGRESS) {
          this.cancelled.add(iocb);
          this.inFlight.get(iocb)?.shift();
        }
        break;
      case 'complete':
        this.inFlight.get(iocb)?.shift();
        break;
      case 'io_submit':
        this.touch(ctx);
        this.onlyTodayLooked ||= this.isRefusedSooner(op);
        this.submit(iocbsOf(op).slice(0, Number(answer['ret'] ?? 0) || 0));
        break;
      case 'ring_write':
        this.overwrite(ctx, op.set ?? {});
        break;
      case 'io_getevents':
      case 'user_reap':
        this.touch(ctx);
        break;
      case 'open':
      case 'pipe':
      case 'eventfd':
        this.open(op);
        break;
      case 'close':
        this.opened.delete(String(op.fd));
        break;
      case 'iovec':
        this.vectors.set(op.iov ?? '', op.vec ?? []);
        break;
      case 'iocb':
        this.write(iocb, op);
        break;
      case 'iocbs':
        for (let i = 0; i < (op.count ?? 0); i++) this.write(`${op.prefix}${i}`, { ...op.each, cmd: op.cmd ?? '' });
        break;
      case 'aio_max_nr':
        this.aioMaxNr = op.max ?? 0;
        break;
      case 'repeat':
        for (const step of op.body ?? []) this.follow(step, {});
        break;
    }
  }

  /** Slot of the process's table that the next context gets. */
  lowestId(): number {
    const ids = new Set(this.alive().map(({ id }) => id));
    let id = 0;
    while (ids.has(id)) id++;
    return id;
  }

  private setUp(ctx: string, asked: number, { id = this.lowestId(), ring_nr = 0 }: Answer): void {
    const before = this.contexts.get(ctx);
    if (before !== undefined) this.nameless.push(before);
    const slots = Number(ring_nr);
    const context = { asked, id: Number(id), idInRing: Number(id), slots, head: 0, mayLie: false, isUntouched: true };
    this.contexts.set(ctx, context);
  }

  private overwrite(ctx: string, { id, head, tail, nr }: NonNullable<TraceOp['set']>): void {
    const context = this.contexts.get(ctx);
    if (context === undefined) return;
    context.idInRing = id ?? context.idInRing;
    context.head = head ?? context.head;
    context.mayLie ||= (head ?? tail ?? nr) !== undefined;
  }

  private touch(ctx: string): void {
    const context = this.contexts.get(ctx);
    if (context !== undefined) context.isUntouched = false;
  }

  private open({ op, fd, r, w, mode = '', directory = false }: TraceOp): void {
    if (op === 'eventfd') this.opened.set(String(fd), 'eventfd');
    if (op === 'open') this.opened.set(String(fd), { mode, directory });
    if (op !== 'pipe') return;
    this.opened.set(r ?? '', { mode: 'r', directory: false });
    this.opened.set(w ?? '', { mode: 'w', directory: false });
  }

  private isRefusedSooner(op: TraceOp): boolean {
    const names = iocbsOf(op);
    const word = names.some((name) => (this.iocbs.get(name)?.rw_flags ?? 0) !== 0);
    return this.isAlive(op.ctx) && names.length > 0 && (word || outOfUserSpace(op.nr ?? 0));
  }

  private submit(accepted: readonly string[]): void {
    for (const name of accepted) {
      const { cmd, data = 0 } = this.iocbs.get(name) ?? {};
      if (cmd === 'poll') this.inFlight.set(name, [...(this.inFlight.get(name) ?? []), data]);
    }
  }

  private write(iocb: string, how: Partial<TraceOp>): void {
    // It stays where it was first.
    const at = (this.iocbs.get(iocb) ?? how).at;
    this.iocbs.set(iocb, { ...how, ...(at !== undefined && { at }) });
    if (how.cmd !== 'poll') this.cancelled.delete(iocb);
  }
}

/** Names of the iocbs that a submit hands over; none if its array is a special pointer. */
export function iocbsOf({ iocbs }: TraceOp): readonly string[] {
  if (iocbs === undefined || typeof iocbs === 'string') return [];
  if (!('prefix' in iocbs)) return iocbs;
  return Array.from({ length: iocbs.count }, (_, i) => `${iocbs.prefix}${iocbs.from + i}`);
}

// SPDX-License-Identifier: GPL-2.0-only
/** What the ops of a trace have made so far, as far as its coming answers depend on it. */
import { type Answer, type Long, namesIn, type Segment } from '../trace/kinds.ts';
import type { BasicOp, IocbFields, Op, OpName } from '../trace/trace.ts';

/** End of user space with page tables of four levels. */
export const USER_END = 2n ** 47n;
export const POINTER_BYTES = 8;
/** Whether so many pointers cannot be in user space, wherever they begin. */
export const outOfUserSpace = (nr: number): boolean => BigInt(nr) * BigInt(POINTER_BYTES) >= USER_END;

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
  readonly iocbs = new Map<string, IocbFields>();
  /** What vectors say. */
  readonly vectors = new Map<string, readonly Segment[]>();
  /** What is open, by name. */
  readonly opened = new Map<string, Opened>();
  /** The reading end of a pipe, by the other. */
  readonly readers = new Map<string, string>();
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

  /** A step was taken. @param answer - today's; what it does not say went well */
  follow(op: BasicOp, answer: Answer): void {
    (FOLLOW[op.op] as Follow<OpName> | undefined)?.(this, op as never, answer);
  }

  /** Slot of the process's table that the next context gets. */
  lowestId(): number {
    const ids = new Set(this.alive().map(({ id }) => id));
    let id = 0;
    while (ids.has(id)) id++;
    return id;
  }

  setUp(ctx: string, asked: number, { id = this.lowestId(), ring_nr = 0 }: Answer): void {
    const before = this.contexts.get(ctx);
    if (before !== undefined) this.nameless.push(before);
    const slots = Number(ring_nr);
    const context = { asked, id: Number(id), idInRing: Number(id), slots, head: 0, mayLie: false, isUntouched: true };
    this.contexts.set(ctx, context);
  }

  destroy(ctx: string): void {
    this.contexts.delete(ctx);
  }

  overwrite({ ctx, set: { id, head, tail, nr } }: Op<'ring_write'>): void {
    const context = this.contexts.get(ctx);
    if (context === undefined) return;
    context.idInRing = id ?? context.idInRing;
    context.head = head ?? context.head;
    context.mayLie ||= (head ?? tail ?? nr) !== undefined;
  }

  touch(ctx: string): void {
    const context = this.contexts.get(ctx);
    if (context !== undefined) context.isUntouched = false;
  }

  /** Whether v3.17 finds something before it looks for a slot, and today's kernel not before that. */
  isRefusedSooner({ ctx, iocbs, nr = 0 }: Op<'io_submit'>): boolean {
    const names = namesIn(iocbs);
    const word = names.some((name) => (this.iocbs.get(name)?.rw_flags ?? 0) !== 0);
    return this.isAlive(ctx) && names.length > 0 && (word || outOfUserSpace(nr));
  }

  submit(accepted: readonly string[]): void {
    for (const name of accepted) {
      const { cmd, data = 0 } = this.iocbs.get(name) ?? {};
      if (cmd === 'poll') this.inFlight.set(name, [...(this.inFlight.get(name) ?? []), data]);
    }
  }

  /** One request of that iocb, or all that wait for this descriptor, are pending no longer. */
  ended(iocb: string): void {
    this.inFlight.get(iocb)?.shift();
  }
  allEnded(fd: string): void {
    for (const name of this.inFlight.keys()) if (this.iocbs.get(name)?.fd === fd) this.inFlight.delete(name);
  }

  write(iocb: string, how: IocbFields): void {
    // It stays where it was first.
    const at = (this.iocbs.get(iocb) ?? how).at;
    this.iocbs.set(iocb, { ...how, ...(at !== undefined && { at }) });
    if (how.cmd !== 'poll') this.cancelled.delete(iocb);
  }
}

type Follow<N extends OpName> = (history: History, op: Op<N>, answer: Answer) => void;
const wentWell = ({ ret }: Answer): boolean => ret === undefined || ret === 0;

/** What is remembered of each step; of those that are not here, nothing. */
const FOLLOW: { readonly [N in OpName]?: Follow<N> } = {
  io_setup(history, { ctx = '', nr_events }, answer) {
    if (wentWell(answer)) history.setUp(ctx, nr_events, answer);
  },
  io_destroy(history, { ctx }, answer) {
    if (wentWell(answer)) history.destroy(ctx);
  },
  io_cancel(history, { iocb }, { ret }) {
    if (ret !== IN_PROGRESS) return;
    history.cancelled.add(iocb);
    history.ended(iocb);
  },
  complete: (history, { wfd }) => history.allEnded(history.readers.get(wfd) ?? ''),
  io_submit(history, op, { ret }) {
    history.touch(op.ctx);
    history.onlyTodayLooked ||= history.isRefusedSooner(op);
    history.submit(namesIn(op.iocbs).slice(0, Number(ret ?? 0) || 0));
  },
  ring_write: (history, op) => history.overwrite(op),
  io_getevents: (history, { ctx }) => history.touch(ctx),
  user_reap: (history, { ctx }) => history.touch(ctx),
  open(history, { fd, mode, directory = false }) {
    history.opened.set(fd, { mode, directory });
  },
  pipe(history, { r, w }) {
    history.opened.set(r, { mode: 'r', directory: false });
    history.opened.set(w, { mode: 'w', directory: false });
    history.readers.set(w, r);
  },
  eventfd(history, { fd }) {
    history.opened.set(fd, 'eventfd');
  },
  close(history, { fd }) {
    history.opened.delete(fd);
  },
  iovec(history, { iov, vec }) {
    history.vectors.set(iov, vec);
  },
  iocb: (history, { op: _, iocb, ...fields }) => history.write(iocb, fields),
  iocbs(history, { prefix, count, cmd, each }) {
    for (const name of namesIn({ prefix, count, from: 0 })) history.write(name, { ...each, cmd });
  },
  aio_max_nr(history, { max }) {
    history.aioMaxNr = max;
  },
};

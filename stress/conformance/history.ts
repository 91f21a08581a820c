// SPDX-License-Identifier: GPL-2.0-only
/** What the ops of a trace have made so far, as far as its coming answers depend on it. */
import type { Answer, Long, TraceOp } from './trace.ts';

/** Quota of a host that nobody has set. */
const AIO_MAX_NR = 0x10000;
const IN_PROGRESS = '-EINPROGRESS';

interface Context {
  readonly asked: number;
  readonly id: number;
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
  /** Names of iocbs of which a pending request was cancelled. */
  readonly cancelled = new Set<string>();
  /** Data of each iocb's pending requests, oldest first. */
  readonly inFlight = new Map<string, Long[]>();
  aioMaxNr = AIO_MAX_NR;

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

  /** An op was done. @param answer - today's; what it does not say went well */
  follow(op: TraceOp, answer: Answer): void {
    const { ctx = '', iocb = '' } = op;
    const ok = answer['ret'] === undefined || answer['ret'] === 0;
    switch (op.op) {
      case 'io_setup':
        if (ok) this.setUp(ctx, op.nr_events ?? 0, Number(answer['id'] ?? this.lowestId()));
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
        this.submit(iocbsOf(op).slice(0, Number(answer['ret'] ?? 0) || 0));
        break;
      case 'ring_write':
        this.overwrite(ctx, op.set?.['id']);
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

  private setUp(ctx: string, asked: number, id: number): void {
    const before = this.contexts.get(ctx);
    if (before !== undefined) this.nameless.push(before);
    this.contexts.set(ctx, { asked, id, idInRing: id });
  }

  private overwrite(ctx: string, id: number | undefined): void {
    const context = this.contexts.get(ctx);
    if (context !== undefined && id !== undefined) context.idInRing = id;
  }

  private submit(accepted: readonly string[]): void {
    for (const name of accepted) {
      const { cmd, data = 0 } = this.iocbs.get(name) ?? {};
      if (cmd === 'poll') this.inFlight.set(name, [...(this.inFlight.get(name) ?? []), data]);
    }
  }

  private write(iocb: string, how: Partial<TraceOp>): void {
    this.iocbs.set(iocb, how);
    if (how.cmd !== 'poll') this.cancelled.delete(iocb);
  }
}

/** Names of the iocbs that a submit hands over; none if its array is a special pointer. */
export function iocbsOf({ iocbs }: TraceOp): readonly string[] {
  if (iocbs === undefined || typeof iocbs === 'string') return [];
  if (!('prefix' in iocbs)) return iocbs;
  return Array.from({ length: iocbs.count }, (_, i) => `${iocbs.prefix}${iocbs.from + i}`);
}

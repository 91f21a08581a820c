// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the names of a trace stand for.
 *
 * The name of a context that was destroyed stands for its old handle. A kernel is free to give that address to the next
 * ring, and then the old name would mean a living context on one kernel and a dead one on another: in that case it
 * stands for memory that is no ring.
 */
import { aio_ring, io_event, iocb } from '../../../src/uapi/aio_abi.ts';
import { SegmentationFault } from '../../../src/user/libaio.ts';
import { type Answer, type Place, SPECIAL_POINTERS, type TraceEvent } from '../trace/kinds.ts';
import { type Op, type OpName, TraceError } from '../trace/trace.ts';
import { peekLong } from './memory.ts';
import type { System } from './system.ts';

/** What a step does, and what it answers. @param names - what earlier steps made */
export type Run<N extends OpName> = (system: System, names: Names, op: Op<N>) => Answer;

interface Context {
  readonly handle: number;
  /** Slots of the ring. */
  readonly nr: number;
  alive: boolean;
}

interface Iocb {
  readonly at: number;
  readonly command: number;
  /** Whether it is a poll that signals an eventfd. */
  readonly signals: boolean;
  /** The context that has taken it last. */
  ctx: string | null;
}

/** What a trace names must have been made by an earlier op. */
function known<T>(map: ReadonlyMap<string, T>, name: string | undefined, what: string): T {
  const value = name === undefined ? undefined : map.get(name);
  if (value === undefined) throw new TraceError(`there is no ${what} ${name}`);
  return value;
}

/** Room for what one step needs only while it runs. */
const SCRATCH_BYTES = 64 * 1024;
const SPECIAL_CONTEXTS: Readonly<Record<string, number>> = { BAD: -1, ZERO: 0 };

export class Names {
  readonly fds = new Map<string, number>();
  private readonly system: System;
  private readonly contexts = new Map<string, Context>();
  /** Of those that are alive, also where the name means another one now. */
  private readonly liveHandles = new Set<number>();
  private readonly buffers = new Map<string, { readonly at: number; readonly bytes: number }>();
  private readonly iocbs = new Map<string, Iocb>();
  private readonly iocbNames = new Map<number, string>();
  private readonly zeroes: number;
  private scratch = { at: 0, used: SCRATCH_BYTES, bytes: SCRATCH_BYTES };

  constructor(system: System) {
    this.system = system;
    this.zeroes = system.alloc(64);
  }

  /** A step begins: what allocScratch() gave to the last one is free. */
  beginStep(): void {
    if (this.scratch.at !== 0) this.scratch.used = 0;
  }

  /** Memory until the next step; not zeroed. */
  private allocScratch(bytes: number): number {
    if (this.scratch.used + bytes > this.scratch.bytes) {
      const room = Math.max(SCRATCH_BYTES, bytes);
      this.scratch = { at: this.system.alloc(room), used: 0, bytes: room };
    }
    const at = this.scratch.at + this.scratch.used;
    this.scratch.used += (bytes + 63) & -64;
    return at;
  }

  /** Memory at such a place; for good, or until the next step. */
  place(bytes: number, at: Place | undefined, until: 'for good' | 'next step' = 'for good'): number {
    if (at === 'readonly') return this.system.allocReadOnly(bytes);
    if (typeof at === 'object') return this.system.allocGuarded(at.mapped);
    const room = until === 'for good' ? this.system.alloc(bytes + 1) : this.allocScratch(bytes + 1);
    return at === 'unaligned' ? room + 1 : room;
  }

  /** Puts bytes at a place until the next step. */
  put(bytes: Uint8Array, at: Place | undefined): number {
    const to = this.place(bytes.length, at, 'next step');
    this.system.fill(to, bytes);
    return to;
  }

  /** @param nr - slots of its ring; 0 if there is none, because io_setup() failed */
  setContext(name: string, handle: number, nr: number): void {
    this.contexts.set(name, { handle, nr, alive: nr > 0 });
    if (nr > 0) this.liveHandles.add(handle);
  }

  hasContext(name: string): boolean {
    return this.contexts.has(name);
  }

  /** io_destroy() of that handle returned 0. */
  destroyed(handle: number): void {
    this.liveHandles.delete(handle);
    for (const context of this.contexts.values()) if (context.handle === handle) context.alive = false;
  }

  /** The handle behind a name, a special name, or a name with an offset. */
  context(name: string | undefined): number {
    if (name === 'JUNK') return this.zeroes;
    const special = SPECIAL_CONTEXTS[name ?? ''];
    if (special !== undefined) return special;
    const [base, offset] = (name ?? '').split('+');
    const { handle, alive } = known(this.contexts, base, 'context');
    const reused = !alive && this.liveHandles.has(handle);
    return (reused ? this.zeroes : handle) + Number(offset ?? 0);
  }

  /** Slots of the longest ring: more events than that cannot come. */
  slotsMax(): number {
    return Math.max(0, ...[...this.contexts.values()].map(({ nr }) => nr));
  }

  /** The mapped ring of a context. @throws SegmentationFault if it is mapped no longer */
  ring(name: string | undefined): { readonly at: number; readonly nr: number } {
    const context = known(this.contexts, name, 'context');
    if (!context.alive) throw new SegmentationFault(context.handle);
    return { at: context.handle, nr: context.nr };
  }

  /** The same; null if there is none. */
  liveRing(name: string | null): { readonly at: number; readonly nr: number } | null {
    const context = this.contexts.get(name ?? '');
    return context?.alive === true ? { at: context.handle, nr: context.nr } : null;
  }

  /** The slot of a mapped ring. @throws SegmentationFault if the ring has no such slot */
  slot(name: string | undefined, index: number): number {
    const { at, nr } = this.ring(name);
    const slot = at + aio_ring.sizeof + index * io_event.sizeof;
    if (!(index >= 0 && index < nr)) throw new SegmentationFault(slot);
    return slot;
  }

  /** A buffer of that name: the one that there is, if it is as long. */
  makeBuffer(name: string, bytes: number, place?: Place): number {
    const old = this.buffers.get(name);
    if (old !== undefined && old.bytes >= bytes && place === undefined) return old.at;
    const at = this.place(bytes, place);
    this.buffers.set(name, { at, bytes });
    return at;
  }

  buffer(name: string | undefined): { readonly at: number; readonly bytes: number } {
    return known(this.buffers, name, 'buffer');
  }

  /** A special address; null if the name is none. */
  special(name: string | undefined): number | null {
    const found = SPECIAL_POINTERS.find((special) => special === name);
    return found === undefined ? null : this.system.special[found];
  }

  /** What aio_buf or an element of a vector says: a buffer, or a special pointer; nothing is NULL. */
  pointer(name: string | undefined): number {
    return name === undefined ? 0 : (this.special(name) ?? this.buffer(name).at);
  }

  /** Where the iocb of that name is; the same place each time. @param signals - a poll that signals an eventfd */
  makeIocb(name: string, command: number, signals: boolean, place?: Place): number {
    const at = this.iocbs.get(name)?.at ?? this.place(iocb.sizeof, place);
    this.iocbs.set(name, { at, command, signals, ctx: null });
    this.iocbNames.set(at, name);
    return at;
  }

  iocb(name: string | undefined): number {
    return this.special(name) ?? known(this.iocbs, name, 'iocb').at;
  }

  /** A context has taken these. @returns IOCB_CMD_* of each; -1 for a special address */
  accepted(names: readonly string[], ctx: string): number[] {
    return names.map((name) => {
      const known = this.iocbs.get(name);
      if (known !== undefined) known.ctx = ctx;
      return known?.command ?? -1;
    });
  }

  /** The context that has such a poll; null if there is none. */
  signalledIn(name: string): string | null {
    const known = this.iocbs.get(name);
    return known?.signals === true ? known.ctx : null;
  }

  /** A descriptor by name; or a number, which is none that the process has open. */
  fd(fd: string | number): number {
    return typeof fd === 'number' ? fd : known(this.fds, fd, 'descriptor');
  }

  /** The event at an address. */
  event(at: number): TraceEvent {
    const { offsetof } = io_event;
    const word = (field: keyof typeof offsetof) => peekLong(this.system, at + offsetof[field]);
    return [this.iocbNames.get(Number(word('obj'))) ?? null, word('data'), word('res'), word('res2')];
  }
}

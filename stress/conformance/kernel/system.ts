// SPDX-License-Identifier: GPL-2.0-only
/**
 * The host's kernel as what traces run on, one after the other, in this process.
 *
 * What makes the answers the same each time: one thread, pinned to one CPU; files in the page cache, whose requests
 * complete inside io_submit(); polls of empty pipes as requests that stay pending.
 */
import { constants, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aio_ring, io_event } from '../../../src/uapi/aio_abi.ts';
import { SegmentationFault } from '../../../src/user/libaio.ts';
import type { System } from '../ops/system.ts';
import type { SpecialPointer } from '../trace/kinds.ts';
import { type OpenMode, TraceError } from '../trace/trace.ts';
import { type Native, NR, PAGE } from './native.ts';
import { restoreAioMaxNr, setAioMaxNr } from './turns.ts';

const ARENA_BYTES = 64 * 2 ** 20;
const KERNEL_ADDRESS = -(2 ** 47) + PAGE;
/** IOCB_CMD_POLL, since v4.19. */
const POLL = 5;
const O_NONBLOCK = 0o4000;
const RLIMIT_AS = 9;
const ITIMER_REAL = 0;
const CPU_MASK_BYTES = 128;
/** When the signal comes that a call is to be interrupted by. */
const SIGNAL_AFTER_US = 5000;
const SETTLE_MS = 1000;
const CLOSE_NS = 5_000_000;
const AIO_NR = '/proc/sys/fs/aio-nr';

interface Ring {
  readonly id: number;
  readonly memory: DataView;
}

interface Mapping {
  readonly memory: DataView;
  /** With what cannot be touched behind it. */
  readonly bytes: number;
  readonly readOnly: boolean;
}

const OPEN_FLAGS: Readonly<Record<OpenMode, number>> = {
  r: constants.O_RDONLY,
  w: constants.O_WRONLY,
  rw: constants.O_RDWR,
};

/** Whole pages, at least one, in bytes. */
const pages = (bytes: number): number => Math.max(1, Math.ceil(bytes / PAGE)) * PAGE;

/** Quota of the whole host. */
const aioNr = (): number => Number(readFileSync(AIO_NR, 'utf8'));

export class KernelSystem implements System {
  readonly pollCommand = POLL;
  readonly special: Readonly<Record<SpecialPointer, number>>;
  private readonly native: Native;
  private readonly folder: string;
  private readonly cpus: readonly number[];
  private readonly arena: number;
  private readonly memory: DataView;
  /** The page of the special pointer RO. */
  private readonly readOnly: DataView;
  /** Mappings of the trace's own, by address. */
  private readonly mappings = new Map<number, Mapping>();
  private readonly rings = new Map<number, Ring>();
  private readonly fds = new Set<number>();
  private readonly files = new Set<string>();
  /** The reading end of a pipe, by the other. */
  private readonly readEnds = new Map<number, number>();
  private readonly pipeEnds = new Set<number>();
  private next: number;
  private aioNrAtStart = 0;
  private hasSetAioMaxNr = false;
  private noRoomForRing = false;

  /** @param folder - where its files are @param cpus - that it may run on; it begins on the first */
  constructor(native: Native, folder: string, cpus: readonly number[]) {
    this.native = native;
    this.folder = folder;
    this.cpus = cpus;
    this.arena = native.map(ARENA_BYTES, 'rw');
    this.memory = native.view(this.arena, ARENA_BYTES);
    this.next = this.arena;
    // Whoever goes on behind RO comes to GUARD, and behind that to another such page, as in the port.
    const RO = native.map(3 * PAGE, '');
    native.protect(RO, PAGE, 'r');
    this.special = { NULL: 0, BAD: KERNEL_ADDRESS, MINUS1: -1, RO, GUARD: RO + PAGE };
    this.readOnly = native.view(RO, PAGE);
    this.runOn(0);
  }

  /** A trace begins. */
  begin(): void {
    this.aioNrAtStart = aioNr();
  }

  runOn(offset: number): void {
    const cpu = this.cpus[offset];
    if (cpu === undefined) throw new TraceError(`there is no CPU ${offset} to run on, only ${this.cpus.length}`);
    const mask = this.alloc(CPU_MASK_BYTES);
    this.poke(mask + 4 * (cpu >> 5), 1 << (cpu & 31));
    const ret = this.native.syscall(NR.sched_setaffinity, 0, CPU_MASK_BYTES, mask);
    if (ret < 0) throw new TraceError(`sched_setaffinity() to CPU ${cpu} failed with errno ${-ret}`);
  }

  io_setup(nr_events: number, ctxp: number): number {
    const ret = this.noRoomForRing ? this.setupWithoutRoom(nr_events, ctxp) : this.setup(nr_events, ctxp);
    this.noRoomForRing = false;
    if (ret === 0) this.showRing(ctxp);
    return ret;
  }

  private setup(nr_events: number, ctxp: number): number {
    return this.native.syscall(NR.io_setup, nr_events, ctxp);
  }

  /** Nothing can be mapped by the whole process meanwhile: it should not be used for anything else afterwards. */
  private setupWithoutRoom(nr_events: number, ctxp: number): number {
    const old = this.alloc(16);
    const none = this.alloc(16);
    this.native.syscall(NR.prlimit64, 0, RLIMIT_AS, 0, old);
    for (const half of [8, 12]) this.poke(none + half, this.peek(old + half));
    this.native.syscall(NR.prlimit64, 0, RLIMIT_AS, none, 0);
    const ret = this.setup(nr_events, ctxp);
    this.native.syscall(NR.prlimit64, 0, RLIMIT_AS, old, 0);
    return ret;
  }

  private showRing(ctxp: number): void {
    const handle = (this.peek(ctxp) >>> 0) + this.peek(ctxp + 4) * 2 ** 32;
    const header = this.native.view(handle, aio_ring.sizeof);
    const nr = header.getUint32(aio_ring.offsetof.nr, true);
    const memory = this.native.view(handle, aio_ring.sizeof + nr * io_event.sizeof);
    this.rings.set(handle, { id: header.getUint32(aio_ring.offsetof.id, true), memory });
  }

  io_destroy(ctx: number): number {
    const ret = this.native.syscall(NR.io_destroy, ctx);
    if (ret === 0) this.rings.delete(ctx);
    return ret;
  }

  io_submit(ctx: number, nr: number, iocbpp: number): number {
    return this.native.syscall(NR.io_submit, ctx, nr, iocbpp);
  }

  io_cancel(ctx: number, iocb: number): number {
    return this.native.syscall(NR.io_cancel, ctx, iocb, this.alloc(io_event.sizeof));
  }

  io_getevents(ctx: number, min_nr: number, nr: number, events: number, timeout: number): number {
    return this.native.syscall(NR.io_getevents, ctx, min_nr, nr, events, timeout);
  }

  alloc(bytes: number): number {
    const at = this.next;
    this.next += Math.ceil(bytes / 64) * 64;
    if (this.next > this.arena + ARENA_BYTES) throw new TraceError(`the trace needs more than ${ARENA_BYTES} bytes`);
    return at;
  }

  allocReadOnly(bytes: number): number {
    const length = pages(bytes);
    const at = this.native.map(length, 'r');
    this.mappings.set(at, { memory: this.native.view(at, length), bytes: length, readOnly: true });
    return at;
  }

  allocGuarded(bytes: number): number {
    const length = pages(bytes);
    const at = this.native.map(length + PAGE, 'rw');
    this.native.protect(at + length, PAGE, '');
    this.mappings.set(at, { memory: this.native.view(at, length), bytes: length + PAGE, readOnly: false });
    return at + length - bytes;
  }

  fill(at: number, bytes: Uint8Array): void {
    const { start, memory, readOnly } = this.find(at);
    const length = Math.min(bytes.length, start + memory.byteLength - at);
    if (readOnly) this.native.protect(start, memory.byteLength, 'rw');
    new Uint8Array(memory.buffer).set(bytes.subarray(0, length), at - start);
    if (readOnly) this.native.protect(start, memory.byteLength, 'r');
  }

  /** The memory that an address is in. */
  private find(at: number): { readonly start: number; readonly memory: DataView; readonly readOnly: boolean } {
    const within = (start: number, { byteLength }: DataView): boolean => at >= start && at < start + byteLength;
    if (within(this.arena, this.memory)) return { start: this.arena, memory: this.memory, readOnly: false };
    for (const [start, { memory }] of this.rings) if (within(start, memory)) return { start, memory, readOnly: false };
    for (const [start, { memory, readOnly }] of this.mappings) {
      if (within(start, memory)) return { start, memory, readOnly };
    }
    const { RO } = this.special;
    if (within(RO, this.readOnly)) return { start: RO, memory: this.readOnly, readOnly: true };
    throw new SegmentationFault(at);
  }

  peek(at: number): number {
    const { start, memory } = this.find(at);
    if (at + 4 > start + memory.byteLength) throw new SegmentationFault(at);
    return memory.getInt32(at - start, true);
  }

  poke(at: number, value: number): void {
    const { start, memory, readOnly } = this.find(at);
    if (readOnly || at + 4 > start + memory.byteLength) throw new SegmentationFault(at);
    memory.setInt32(at - start, value, true);
  }

  private path(name: string): string {
    return join(this.folder, `file-${encodeURIComponent(name)}`);
  }

  makeFile(name: string, bytes: number, byteAt: (i: number) => number): void {
    const content = Uint8Array.from({ length: bytes }, (_, i) => byteAt(i));
    // Anew: who has the old one open keeps it.
    rmSync(this.path(name), { force: true });
    writeFileSync(this.path(name), content);
    this.files.add(name);
  }

  private existing(name: string): string {
    if (!this.files.has(name)) throw new TraceError(`there is no file ${name}`);
    return this.path(name);
  }

  truncate(name: string, bytes: number): void {
    truncateSync(this.existing(name), bytes);
  }

  fileSize(name: string): number {
    return statSync(this.existing(name)).size;
  }

  fileBytes(name: string): Uint8Array {
    return readFileSync(this.existing(name));
  }

  open(name: string, mode: OpenMode, append: boolean): number {
    return this.opened(openSync(this.existing(name), OPEN_FLAGS[mode] | (append ? constants.O_APPEND : 0)));
  }

  openDirectory(mode: OpenMode): number {
    if (mode !== 'r') throw new TraceError('a directory can be opened for r only');
    return this.opened(openSync(this.folder, constants.O_RDONLY));
  }

  private opened(fd: number): number {
    this.fds.add(fd);
    return fd;
  }

  pipe(): readonly [number, number] {
    const at = this.alloc(8);
    const ret = this.native.syscall(NR.pipe2, at, O_NONBLOCK);
    if (ret < 0) throw new TraceError(`pipe2() failed with errno ${-ret}`);
    const ends = [this.peek(at), this.peek(at + 4)] as const;
    for (const fd of ends) this.pipeEnds.add(this.opened(fd));
    this.readEnds.set(ends[1], ends[0]);
    return ends;
  }

  eventfd(count: number): number {
    const fd = this.native.syscall(NR.eventfd2, count, O_NONBLOCK);
    if (fd < 0) throw new TraceError(`eventfd2() failed with errno ${-fd}`);
    return this.opened(fd);
  }

  eventfdRead(fd: number): number {
    const at = this.alloc(8);
    const ret = this.native.syscall(NR.read, fd, at, 8);
    return ret < 0 ? ret : this.peek(at + 4) * 2 ** 32 + (this.peek(at) >>> 0);
  }

  pollFd(fd: number): number {
    return fd;
  }

  close(fd: number): number {
    this.fds.delete(fd);
    const ret = this.native.syscall(NR.close, fd);
    // A kworker tells those who poll the other end.
    if (this.pipeEnds.delete(fd)) this.sleep(CLOSE_NS);
    return ret;
  }

  private sleep(ns: number): void {
    const moment = this.alloc(16);
    this.poke(moment + 8, ns);
    this.native.syscall(NR.nanosleep, moment, 0);
  }

  /** A byte into the pipe, which ends the poll inside write(), and out again: the next poll is pending, too. */
  complete(w: number): number {
    const at = this.alloc(8);
    const ret = this.native.syscall(NR.write, w, at, 1);
    const r = this.readEnds.get(w);
    if (ret === 1 && r !== undefined) this.native.syscall(NR.read, r, at, 8);
    return ret;
  }

  settle(ring: number, tail: number): void {
    for (let i = 0; this.peek(ring + aio_ring.offsetof.tail) !== tail && i < SETTLE_MS * 20; i++) this.sleep(50_000);
  }

  withSignal(call: () => number): number {
    const timer = this.alloc(32);
    this.poke(timer + 24, SIGNAL_AFTER_US);
    this.native.syscall(NR.setitimer, ITIMER_REAL, timer);
    const ret = call();
    this.poke(timer + 24, 0);
    this.native.syscall(NR.setitimer, ITIMER_REAL, timer);
    return ret;
  }

  aioNr(): number {
    return aioNr() - this.aioNrAtStart;
  }

  setAioMaxNr(room: number): void {
    setAioMaxNr(this.aioNrAtStart + room);
    this.hasSetAioMaxNr = true;
  }

  failNextRingMmap(): void {
    this.noRoomForRing = true;
  }

  failNextAllocation(): void {
    throw new TraceError('the memory of the host cannot be made short');
  }

  /**
   * Ends what a trace has left.
   * @returns false if something is left all the same: the next trace needs a process of its own
   */
  async tidyUp(): Promise<boolean> {
    if (this.hasSetAioMaxNr) restoreAioMaxNr();
    this.hasSetAioMaxNr = false;
    this.noRoomForRing = false;
    // Each takes a grace period: all at once.
    const rings = [...this.rings];
    for (const [, { id, memory }] of rings) memory.setUint32(aio_ring.offsetof.id, id, true);
    this.rings.clear();
    const ends = await Promise.all(rings.map(([handle]) => this.native.syscallAsync(NR.io_destroy, handle)));
    for (const fd of this.fds) this.native.syscall(NR.close, fd);
    this.fds.clear();
    this.readEnds.clear();
    this.pipeEnds.clear();
    for (const name of this.files) rmSync(this.path(name), { force: true });
    this.files.clear();
    for (const [at, { bytes }] of this.mappings) this.native.syscall(NR.munmap, at, bytes);
    this.mappings.clear();
    new Uint8Array(this.memory.buffer).fill(0, 0, this.next - this.arena);
    this.next = this.arena;
    this.runOn(0);
    return ends.every((ret) => ret === 0);
  }
}

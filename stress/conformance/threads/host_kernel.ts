// SPDX-License-Identifier: GPL-2.0-only
/**
 * The host's kernel, as user space has it: system calls through koffi, and words of memory where they are.
 *
 * A handle is wider than a word, and stands for it as its number in a table that all threads share. Each thread makes
 * numbers of its own. One that has been destroyed goes on standing for the old handle, which its stragglers may use,
 * until its maker needs the number again.
 */
import { clearParked, setParked } from '../../../src/arch/sab/control.ts';
import {
  createDoubles,
  createWords,
  type Doubles,
  wordLoad,
  wordStore,
  wordWait,
} from '../../../src/arch/sab/words.ts';
import { diskWord } from '../../../src/drivers/disk_word.ts';
import {
  AIO_RING_MAGIC,
  aio_ring,
  IOCB_CMD_PREAD,
  IOCB_CMD_PWRITE,
  io_event,
  iocb,
} from '../../../src/uapi/aio_abi.ts';
import type { Event } from '../../../src/user/event.ts';
import type { Kernel } from '../../../workers/kernel.ts';
import { areaBytes, bytesBeforeBuffers, FD_PENDING } from '../../../workers/layout.ts';
import { type Native, NR, PAGE } from '../kernel/native.ts';

/** Direct I/O wants whole blocks. */
export const BUFFER_BYTES = PAGE;
export const ENTRIES_PER_CPU = 256;
/** Bytes of a thread's memory: its area, and what aligns the buffers in it. */
const STRIDE = Math.ceil(areaBytes(ENTRIES_PER_CPU, BUFFER_BYTES) / PAGE) * PAGE;
const FIRST = PAGE - (bytesBeforeBuffers(ENTRIES_PER_CPU) % PAGE);

/** Contexts that one thread may have made and not seen destroyed, shared ones among them. */
const HANDLES_PER_CPU = 512;

/** A view may reach beyond what is mapped: nothing looks there. */
const RING_BYTES_MAX = 2 ** 20;

const IOCB_CMD_POLL = 5;
const POLLIN = 1;

const R = aio_ring.offsetof;
type RingField = keyof typeof R;
const E = io_event.offsetof;
const I = iocb.offsetof;

/** What threads share. Can be posted. */
export interface HostStage {
  /** Address of all threads' memory, below 2^31. */
  readonly arena: number;
  readonly cpus: number;
  /** Addresses of rings; of destroyed contexts as negative numbers. */
  readonly handles: Doubles;
  /** Descriptors, in the order of FD_INLINE, FD_DEVICE, FD_PENDING. */
  readonly files: readonly number[];
  /** Descriptor that forgets what is written to it. */
  readonly sink: number;
}
export const arenaBytes = (cpus: number): number => cpus * STRIDE + PAGE;
export const areaOf = ({ arena }: HostStage, cpu: number): number => arena + cpu * STRIDE + FIRST;
export const createHandles = (cpus: number): Doubles => createDoubles(1 + cpus * HANDLES_PER_CPU);

const bed = createWords(1);

export class HostKernel implements Kernel {
  /** What a poll ends with. */
  readonly cancelledResult = 0;
  readonly tellsDone = false;
  protected readonly stage: HostStage;
  private readonly native: Native;
  private readonly cpu: number;
  private readonly words: Int32Array;
  private readonly first: number;
  private next = 0;
  /** By address, whichever context is there. */
  private readonly rings = new Map<number, Int32Array>();

  constructor(native: Native, stage: HostStage, cpu: number) {
    this.native = native;
    this.stage = stage;
    this.cpu = cpu;
    this.words = new Int32Array(native.view(stage.arena, arenaBytes(stage.cpus)).buffer);
    this.first = 1 + cpu * HANDLES_PER_CPU;
  }

  // System calls. A thread says in which one it is: nothing else can be seen of it from outside.

  private call(nr: number, timed: boolean, a: number, b = 0, c = 0, d = 0, e = 0): number {
    setParked(this.cpu, nr, 0, !timed);
    const ret = this.native.syscall(nr, a, b, c, d, e);
    clearParked(this.cpu);
    return ret;
  }

  io_setup(nr_events: number, ctxp: number): number {
    return this.call(NR.io_setup, false, nr_events, ctxp);
  }
  io_destroy(ctx: number): number {
    const address = this.address(ctx);
    const ret = this.call(NR.io_destroy, false, address);
    if (ret === 0) this.stage.handles[ctx] = -address;
    return ret;
  }
  io_submit(ctx: number, nr: number, iocbpp: number): number {
    return this.call(NR.io_submit, false, this.address(ctx), nr, iocbpp);
  }
  io_getevents(ctx: number, min_nr: number, nr: number, events: number, timeout: number): number {
    return this.call(NR.io_getevents, timeout !== 0, this.address(ctx), min_nr, nr, events, timeout);
  }
  io_cancel(ctx: number, obj: number): number {
    // The last argument is for an event, which no kernel of today writes.
    return this.call(NR.io_cancel, false, this.address(ctx), obj, obj);
  }

  // User memory.

  private at(va: number): number {
    return (va - this.stage.arena) >> 2;
  }
  peek(va: number): number {
    return this.words[this.at(va)] as number;
  }
  poke(va: number, value: number): void {
    this.words[this.at(va)] = value;
  }

  private address(handle: number): number {
    return Math.abs(this.stage.handles[handle] as number);
  }
  handleAt(va: number): number {
    const { handles } = this.stage;
    for (let tries = 0; tries < HANDLES_PER_CPU; tries++) {
      const handle = this.first + this.next;
      this.next = (this.next + 1) % HANDLES_PER_CPU;
      if ((handles[handle] as number) > 0) continue;
      handles[handle] = (this.peek(va) >>> 0) + this.peek(va + 4) * 2 ** 32;
      return handle;
    }
    throw new Error(`a thread has made ${HANDLES_PER_CPU} contexts and none is destroyed`);
  }

  io_prep(
    va: number,
    opcode: number,
    fd: number,
    buf: number,
    nbytes: number,
    offset: number,
    data_lo: number,
    data_hi: number,
  ): void {
    const { files, sink } = this.stage;
    const isPoll = fd === FD_PENDING;
    this.words.fill(0, this.at(va), this.at(va + iocb.sizeof));
    this.poke(va + I.aio_data, data_lo);
    this.poke(va + I.aio_data + 4, data_hi);
    this.poke(va + I.aio_lio_opcode, isPoll ? IOCB_CMD_POLL : opcode);
    this.poke(va + I.aio_fildes, opcode === IOCB_CMD_PWRITE ? sink : (files[fd] as number));
    this.poke(va + I.aio_buf, isPoll ? POLLIN : buf);
    if (isPoll) return;
    this.poke(va + I.aio_nbytes, nbytes);
    this.poke(va + I.aio_offset, offset);
    if (opcode !== IOCB_CMD_PREAD) return;
    // What an earlier request has left in the buffer must not pass for what this one reads.
    for (const at of [0, nbytes - 4]) this.poke(buf + at, ~diskWord((offset + at) >>> 2));
  }

  read_event(va: number, to: Event): void {
    readEvent(this.words, this.at(va), to);
  }

  // The mapped ring. A thread touches it only while it keeps others from destroying the context.

  private ring(ctx: number): Int32Array {
    const address = this.address(ctx);
    const known = this.rings.get(address);
    if (known !== undefined) return known;
    const ring = new Int32Array(this.native.view(address, RING_BYTES_MAX).buffer);
    this.rings.set(address, ring);
    return ring;
  }

  user_getevent(ctx: number, to: Event): boolean {
    const ring = this.ring(ctx);
    if (ring[R.magic >> 2] !== (AIO_RING_MAGIC | 0)) return false;
    const nr = ring[R.nr >> 2] as number;
    const head = ring[R.head >> 2] as number;
    // The event is read after the tail that covers it, and its slot given back after that.
    if (head === wordLoad(ring, R.tail >> 2)) return false;
    readEvent(ring, (aio_ring.sizeof + (head % nr) * io_event.sizeof) >> 2, to);
    wordStore(ring, R.head >> 2, (head + 1) % nr);
    return true;
  }
  ring_field(ctx: number, field: RingField): number {
    return wordLoad(this.ring(ctx), R[field] >> 2) >>> 0;
  }
  scribble(ctx: number, field: RingField, value: number): void {
    this.ring(ctx)[R[field] >> 2] = value;
  }

  idle(ns: number): void {
    wordWait(bed, 0, 0, ns / 1e6);
  }
}

/** @param at - index of the event's first word */
function readEvent(words: Int32Array, at: number, to: Event): void {
  const lo = (offset: number): number => words[at + (offset >> 2)] as number;
  to.dataLo = lo(E.data);
  to.dataHi = lo(E.data + 4);
  to.obj = (lo(E.obj) >>> 0) + lo(E.obj + 4) * 2 ** 32;
  to.res = (lo(E.res) >>> 0) + lo(E.res + 4) * 2 ** 32;
  to.res2 = lo(E.res2) | lo(E.res2 + 4);
}

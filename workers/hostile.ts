// SPDX-License-Identifier: GPL-2.0-only
/**
 * A hostile program: system calls with arguments that are sometimes right, and a ring that is written all over, as
 * trinity does. Nothing it does to itself is a bug; the kernel must stay whole.
 */
import { TASK_SIZE } from '../src/arch/sab/memory.ts';
import { aio_ring, iocb } from '../src/uapi/aio_abi.ts';
import { errname } from '../src/uapi/errno.ts';
import { EVENTS_MAX, FD_DEVICE, FD_INLINE, FD_PENDING } from './layout.ts';
import type { User } from './user.ts';

/** Addresses that are no memory, or not always. */
const ODD_POINTERS = [0, -1, 4, TASK_SIZE - 4, TASK_SIZE, 0x40001000, 0x7fffffff];
/** Contexts that hostile threads share: few, so that they meet. */
const HOSTILE_SLOTS = 8;
const ODD_COUNTS = [0, -1, 1, 0x7fffffff, -0x80000000, 1025];
type RingField = keyof typeof aio_ring.offsetof;
/** Head and tail most of all: a context whose id is gone is of no more use. */
const RING_FIELDS = [
  ...(Object.keys(aio_ring.offsetof) as RingField[]),
  ...Array.from({ length: 12 }, (_, i): RingField => (i % 2 === 0 ? 'head' : 'tail')),
];

/** A pointer that is `good` nine times out of ten. */
const pointer = (user: User, good: number): number => (user.prng.oneIn(10) ? user.prng.pick(ODD_POINTERS) : good);
const number = (user: User, good: number): number => (user.prng.oneIn(10) ? user.prng.pick(ODD_COUNTS) : good);

/** A handle of this process, live or dead. */
function handle(user: User): number {
  const { prng, ledger } = user;
  return prng.oneIn(12) ? prng.pick(ODD_POINTERS) : ledger.handle(prng.below(HOSTILE_SLOTS));
}

function setup(user: User): void {
  const { prng, ledger, kernel } = user;
  const at = user.area.scratch;
  kernel.poke(at, prng.oneIn(20) ? 1 : 0);
  kernel.poke(at + 4, 0);
  const ret = kernel.io_setup(number(user, prng.between(1, 300)), pointer(user, at));
  user.count(`setup ${errname(ret)}`);
  if (ret !== 0) return;
  const slot = prng.below(HOSTILE_SLOTS);
  const old = ledger.handle(slot);
  if (old !== 0) kernel.io_destroy(old);
  ledger.publish(slot, kernel.handleAt(at), false, 0);
}

function submit(user: User): void {
  const { prng, kernel, area, plan } = user;
  const { bufferBytes } = plan.workload;
  const n = prng.between(1, 16);
  for (let i = 0; i < n; i++) {
    const at = area.iocb(i);
    const fd = prng.pick([FD_INLINE, FD_DEVICE, FD_DEVICE, FD_PENDING, FD_PENDING, 3, 63, 64, -1]);
    const opcode = prng.pick([0, 0, 0, 1, 1, 2, 3, 6, 7, 8, 99]);
    const buf = pointer(user, area.buffers + i * bufferBytes);
    // No entry of the books has the number -1.
    kernel.io_prep(
      at,
      opcode,
      fd,
      buf,
      number(user, bufferBytes),
      prng.oneIn(10) ? -1 : 8 * prng.below(64),
      -1,
      prng.next() | 0,
    );
    if (prng.oneIn(20)) kernel.poke(at + 4 * prng.below(iocb.sizeof / 4), prng.next() | 0);
    kernel.poke(area.pointer(i), pointer(user, at));
    kernel.poke(area.pointer(i) + 4, prng.oneIn(50) ? 1 : 0);
  }
  const ret = kernel.io_submit(handle(user), number(user, n), pointer(user, area.pointers));
  user.count(ret > 0 ? 'submitted' : `submit ${errname(ret)}`, Math.max(1, ret));
}

function getevents(user: User): void {
  const { prng, kernel, area } = user;
  const timeout = area.scratch + 16;
  kernel.poke(timeout, 0);
  kernel.poke(timeout + 4, 0);
  kernel.poke(timeout + 8, prng.below(2_000_000));
  kernel.poke(timeout + 12, 0);
  const min = number(user, prng.below(4));
  // A timeout always: nobody promises that an event comes.
  const ret = kernel.io_getevents(
    handle(user),
    min,
    Math.min(EVENTS_MAX, number(user, 16)),
    pointer(user, area.events),
    timeout,
  );
  user.count(ret > 0 ? 'reaped' : `getevents ${errname(ret)}`, Math.max(1, ret));
}

function scribbleRing(user: User): void {
  const { prng, ledger } = user;
  const ctx = ledger.handle(prng.below(HOSTILE_SLOTS));
  if (ctx === 0) return;
  user.count('scribbled');
  user.kernel.scribble(ctx, prng.pick(RING_FIELDS), prng.oneIn(2) ? prng.next() | 0 : prng.below(300));
}

/** One hostile act. @throws SegmentationFault */
export function hostile(user: User): void {
  const { prng, kernel, area } = user;
  const die = prng.below(100);
  if (die < 8) setup(user);
  else if (die < 45) submit(user);
  else if (die < 70) getevents(user);
  else if (die < 80)
    user.count(`cancel ${errname(kernel.io_cancel(handle(user), pointer(user, area.iocb(prng.below(16)))))}`);
  else if (die < 84) user.count(`destroy ${errname(kernel.io_destroy(handle(user)))}`);
  else scribbleRing(user);
  user.progress();
}

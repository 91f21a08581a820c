// SPDX-License-Identifier: GPL-2.0-only
/**
 * A program that scribbles over head and tail of its own rings and reads: the case of edfbbf388f29. Whatever it has
 * stored there, what io_getevents() copies out is in a slot of that ring: an event of a request that was submitted
 * there, however old, or zeros where none has been yet.
 */
import { objectRef } from '../src/kernel/object_ref.ts';
import { type Event, emptyEvent } from '../src/user/event.ts';
import { EVENT_BYTES, EVENTS_MAX, FD_INLINE } from './layout.ts';
import type { User } from './user.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;
const read: Event = emptyEvent();

/** Whether a slot of that ring, which is this thread's own, can hold it. */
export function isOfRing(
  { dataLo, dataHi, obj, res, res2 }: Event,
  ctx: number,
  { ledger, cpu }: Pick<User, 'ledger' | 'cpu'>,
): boolean {
  if ((dataLo | dataHi | obj | res | res2) === 0) return true;
  const own = dataLo - cpu * ledger.entriesPerCpu;
  if (own < 0 || own >= ledger.entriesPerCpu || obj !== ledger.obj(dataLo) || res2 !== 0) return false;
  const now = ledger.generation(dataLo);
  // Of an older request of the same entry it is no longer known where it was submitted.
  return dataHi === now ? ledger.handleOf(dataLo) === ctx : dataHi > 0 && dataHi < now;
}

function checkEvents(user: User, ctx: number, head: number, count: number): void {
  for (let i = 0; i < count; i++) {
    user.kernel.read_event(user.area.events + i * EVENT_BYTES, read);
    if (isOfRing(read, ctx, user)) continue;
    user.finding(
      'event:foreign',
      'io_getevents() copied out what no slot of the ring can hold',
      [
        `head was ${hex(head)}; event ${i} of ${count}: data=${hex(read.dataHi)}:${hex(read.dataLo)} ` +
          `obj=${hex(read.obj)} res=${read.res}`,
      ],
      [objectRef('ring', ctx)],
    );
    return;
  }
}

/** Makes a ring with some events in it. @returns the handle, or -errno */
function makeRing(user: User): number {
  const ctx = user.setupDrawn();
  if (ctx < 0) return ctx;
  const wanted = user.prng.between(1, user.plan.workload.batch);
  if (user.batch.fill(wanted, user.self, ctx, FD_INLINE) > 0) user.batch.submit(ctx);
  return ctx;
}

/** A turn: two new rings, which are then scribbled over and read several times. */
export function scribbleHead(user: User): void {
  const { prng, kernel } = user;
  const rings = [makeRing(user), makeRing(user)].filter((ctx) => ctx > 0);
  for (let reads = prng.between(1, 8); rings.length > 0 && reads > 0 && user.running(); reads--) {
    const ctx = prng.pick(rings);
    // A little past the ring, where other memory of the kernel is near, or anywhere.
    const head = prng.oneIn(8) ? prng.next() : prng.below(8 * kernel.ring_field(ctx, 'nr'));
    kernel.scribble(ctx, 'head', head);
    if (prng.oneIn(2)) kernel.scribble(ctx, 'tail', prng.next());
    user.count('scribbled');
    const got = user.getevents(ctx, 0, prng.between(1, EVENTS_MAX), 0);
    if (got > 0) user.count('reaped', got);
    checkEvents(user, ctx, head, got);
    user.rest();
  }
  for (const ctx of rings) user.destroy(ctx);
  user.ledger.bury(user.self);
}

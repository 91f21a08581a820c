// SPDX-License-Identifier: GPL-2.0-only
/**
 * A program that scribbles over head and tail of its own ring and reads: the case of edfbbf388f29. Whatever it has
 * stored there, what io_getevents() copies out is in a slot of that ring: an event of a request of its own, however
 * old, or zeros where none has been yet.
 */
import { objectRef } from '../src/kernel/object_ref.ts';
import { type Event, emptyEvent } from '../src/user/event.ts';
import { EVENT_BYTES, EVENTS_MAX, FD_INLINE } from './layout.ts';
import type { User } from './user.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;
const read: Event = emptyEvent();

/** Whether a slot of this thread's rings can hold it. */
function isOfOwnRing({ dataLo, dataHi, obj, res, res2 }: Event, { ledger, cpu }: User): boolean {
  if ((dataLo | dataHi | obj | res | res2) === 0) return true;
  const own = dataLo - cpu * ledger.entriesPerCpu;
  if (own < 0 || own >= ledger.entriesPerCpu) return false;
  return dataHi > 0 && dataHi <= ledger.generation(dataLo) && obj === ledger.obj(dataLo) && res2 === 0;
}

function checkEvents(user: User, ctx: number, head: number, count: number): void {
  for (let i = 0; i < count; i++) {
    user.kernel.read_event(user.area.events + i * EVENT_BYTES, read);
    if (isOfOwnRing(read, user)) continue;
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

/** A turn: some events into a new ring, which is then scribbled over and read several times. */
export function scribbleHead(user: User): void {
  const { prng, plan, kernel, self } = user;
  const ctx = user.setupDrawn();
  if (ctx < 0) return;
  const nr = kernel.ring_field(ctx, 'nr');
  if (user.batch.fill(prng.between(1, plan.workload.batch), self, ctx, FD_INLINE) > 0) user.batch.submit(ctx);
  for (let reads = prng.between(1, 8); reads > 0 && user.running(); reads--) {
    // Just past the ring, where other memory of the kernel is near, or anywhere.
    const head = prng.oneIn(4) ? prng.next() : prng.below(16 * nr);
    kernel.scribble(ctx, 'head', head);
    if (prng.oneIn(2)) kernel.scribble(ctx, 'tail', prng.oneIn(4) ? prng.next() : prng.below(16 * nr));
    user.count('scribbled');
    const got = user.getevents(ctx, 0, prng.between(1, EVENTS_MAX), 0);
    if (got > 0) user.count('reaped', got);
    checkEvents(user, ctx, head, got);
    user.rest();
  }
  user.destroy(ctx);
  user.ledger.bury(self);
}

// SPDX-License-Identifier: GPL-2.0-only
/** Events, as they are read: each accepted iocb gives exactly one, intact, to exactly one consumer. */
import { diskWord } from '../src/drivers/disk_word.ts';
import { type ObjectRef, objectRef } from '../src/kernel/object_ref.ts';
import { ENOMEM } from '../src/uapi/errno.ts';
import { type Event, emptyEvent } from '../src/user/event.ts';
import { EVENT_BYTES } from './layout.ts';
import { DELIVERED, DONE, type Ledger, PENDING, SETTLED } from './ledger.ts';
import type { User } from './user.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

const read: Event = emptyEvent();

/** Enters the first `n` events of `area.events` into the books. */
export function deliverAll(user: User, n: number): void {
  for (let i = 0; i < n; i++) {
    user.kernel.read_event(user.area.events + i * EVENT_BYTES, read);
    deliver(user, read);
  }
}

/** Takes up to `max` events from a mapped ring, and enters them. @context its only consumer @returns events */
export function reapRing(user: User, ctx: number, max: number): number {
  let got = 0;
  while (got < max && user.kernel.user_getevent(ctx, read)) {
    deliver(user, read);
    got++;
  }
  return got;
}

/** Enters an event into the books. */
function deliver(user: User, ev: Event): void {
  const { ledger } = user;
  const entry = ev.dataLo;
  const before = ledger.deliver(entry, ev.dataHi);
  if (before < 0) {
    user.finding('event:phantom', 'an event that belongs to no request', [eventText(ev)]);
    return;
  }
  if ((before & DELIVERED) !== 0) {
    user.finding('event:duplicate', 'an event was delivered twice', [eventText(ev)], objectsOf(ledger, entry));
    return;
  }
  user.count('reaped');
  if (ev.obj !== ledger.obj(entry) || ev.res2 !== 0 || !mayBe(user, entry, ev.res)) {
    const wanted = `wanted obj=${hex(ledger.obj(entry))} res=${ledger.res(entry)} res2=0`;
    const title = 'an event does not say what happened to its request';
    user.finding('event:corrupt', title, [eventText(ev), wanted], objectsOf(ledger, entry));
  } else if (ev.res > 0 && ledger.pos(entry) >= 0) {
    checkBuffer(user, entry);
  }
  ledger.mark(entry, SETTLED | DONE);
}

const eventText = ({ dataLo, dataHi, obj, res, res2 }: Event): string =>
  `event data=${hex(dataLo)}:${hex(dataHi)} obj=${hex(obj)} res=${res} res2=${res2}`;

const objectsOf = (ledger: Ledger, entry: number): ObjectRef[] => [
  objectRef('iocb', ledger.obj(entry)),
  objectRef('ring', ledger.handleOf(entry)),
];

/** Whether a request may end so: what can be cancelled may have been, and a driver may have had no memory. */
function mayBe({ ledger, kernel, plan }: User, entry: number, res: number): boolean {
  if (res === ledger.res(entry)) return true;
  if (res === -ENOMEM) return plan.workload.allocFailsOneIn > 0;
  return res === kernel.cancelledResult && (ledger.state(entry) & PENDING) !== 0;
}

/** What was read must be what stands on the disk. */
function checkBuffer(user: User, entry: number): void {
  const { ledger, kernel } = user;
  const buffer = ledger.buffer(entry);
  const pos = ledger.pos(entry);
  const last = ledger.bytes(entry) - 4;
  const first = kernel.peek(buffer);
  const end = kernel.peek(buffer + last);
  if (first === diskWord(pos >>> 2) && end === diskWord((pos + last) >>> 2)) return;
  user.finding(
    'event:corrupt',
    'an event says that data was read which is not in the buffer',
    [
      `buffer ${hex(buffer)} begins ${hex(first)}, ends ${hex(end)}; ` +
        `wanted ${hex(diskWord(pos >>> 2))}, ${hex(diskWord((pos + last) >>> 2))}`,
    ],
    objectsOf(ledger, entry),
  );
}

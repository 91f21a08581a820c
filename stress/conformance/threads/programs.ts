// SPDX-License-Identifier: GPL-2.0-only
/** What the threads do: the roles of workers/, on the host's kernel. */
import { aio_ring } from '../../../src/uapi/aio_abi.ts';
import { EAGAIN, EINTR, EINVAL } from '../../../src/uapi/errno.ts';
import { ACCEPTED, DELIVERED, ownerOf, PRIVATE_SLOT, RACED, SETTLED } from '../../../workers/ledger.ts';
import { answerOf } from '../trace/answers.ts';
import type { NativeUser } from './native_user.ts';
import { BATCH_MAX, BUFFER_BYTES, CONTEXTS, EVENTS_MAX, type ThreadRole } from './plan.ts';

/** What a thread writes into a buffer that it has given up. */
const FREED = 0x0f4eed00;
const ASKED_MIN = 4;
const ASKED_MAX = 200;

/** Makes a shared context in a slot that is locked, or that nobody else knows yet. */
export function openShared(user: NativeUser, slot: number): void {
  const handle = user.setup(user.prng.between(ASKED_MIN, ASKED_MAX));
  if (handle < 0) {
    // Other programs of this host may have used the quota up.
    if (handle !== -EAGAIN) user.finding('quota:spurious-eagain', 'io_setup() failed', String(answerOf(handle)));
    return;
  }
  user.plan.handles[slot] = handle;
  user.ledger.publish(slot, slot + 1, user.plan.program === 'reapers', user.ring(handle)[1] as number);
}

/** A file for a request: mostly through the page cache, so that it is done when io_submit() returns. */
const drawFile = (user: NativeUser): number => (user.prng.oneIn(4) ? user.plan.direct : user.plan.cached);

/** Fills the batch with reads of that owner. @returns how many */
function prepareReads(user: NativeUser, owner: number, wanted: number, fd: number | null): number {
  let prepared = 0;
  while (prepared < wanted && user.prepare(fd ?? drawFile(user), owner) >= 0) prepared++;
  return prepared;
}

function submitter(user: NativeUser): void {
  const { ledger, prng } = user;
  const slot = prng.below(CONTEXTS);
  const seq = ledger.enter(slot);
  if (seq === 0) {
    user.pause(1);
    return;
  }
  const handle = user.plan.handles[slot] as number;
  if (prepareReads(user, ownerOf(slot, seq), prng.between(1, BATCH_MAX), null) === 0) {
    ledger.leave(slot);
    user.pause(1);
    return;
  }
  const { ret, taken } = user.submit(handle);
  const same = ledger.seq(slot) === seq;
  if (!same) {
    for (const entry of taken) ledger.mark(entry, RACED);
    user.count('raced', taken.length);
  }
  ledger.leave(slot);
  if (ret === -EAGAIN) {
    user.count('full');
    user.pause(1);
  } else if (ret < 0 && same) {
    user.finding('context:dead-handle', 'io_submit() does not know a context that is alive', String(answerOf(ret)));
  }
}

function getter(user: NativeUser): void {
  const { ledger, prng } = user;
  const slot = prng.below(CONTEXTS);
  const seq = ledger.enter(slot);
  if (seq === 0) {
    user.pause(1);
    return;
  }
  const nr = prng.between(1, EVENTS_MAX);
  const min = prng.oneIn(4) ? 0 : prng.between(1, Math.min(nr, 4));
  const ret = user.getevents(user.plan.handles[slot] as number, min, nr, prng.below(20));
  user.deliverAll(ret);
  const same = ledger.seq(slot) === seq;
  ledger.leave(slot);
  if (ret < 0 && ret !== -EINTR && same) {
    user.finding('context:dead-handle', 'io_getevents() does not know a context that is alive', String(answerOf(ret)));
  } else if (ret === -EINVAL) {
    user.count('woken by destroy');
  }
}

function reaper(user: NativeUser): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(CONTEXTS);
  if (!ledger.tryLock(slot)) return;
  const got = ledger.alive(slot) ? user.reap(user.sharedRing(slot), prng.between(1, EVENTS_MAX), plan.honesty) : 0;
  ledger.unlock(slot);
  if (got === 0) user.pause(1);
}

/** What is thrown away with a destroyed context: requests that were accepted and whose event nobody read. */
function bury(user: NativeUser, owner: number): void {
  const { ledger } = user;
  const { entries } = ledger;
  let unread = 0;
  for (let entry = 0; entry < entries; entry++) {
    const state = ledger.state(entry) & (ACCEPTED | DELIVERED | RACED | SETTLED);
    if (state === ACCEPTED && ledger.owner(entry) === owner) unread++;
  }
  ledger.bury(owner);
  user.count('thrown away', unread);
}

/** Destroys a shared context under its users, and makes it anew. */
function churner(user: NativeUser): void {
  const { ledger, prng, plan } = user;
  const slot = prng.below(CONTEXTS);
  if (ledger.tryLock(slot)) {
    if (ledger.alive(slot)) {
      const owner = ownerOf(slot, ledger.seq(slot));
      ledger.retire(slot);
      const ret = user.destroy(plan.handles[slot] as number);
      if (ret !== 0) {
        user.finding(
          'destroy:wrong-answer',
          'io_destroy() does not know a context that is alive',
          String(answerOf(ret)),
        );
      }
      // Who still uses the handle must leave before it can mean something else.
      while (ledger.users(slot) > 0) user.pauseAnyway();
      bury(user, owner);
    }
    openShared(user, slot);
    ledger.unlock(slot);
  }
  user.pause(prng.below(10));
}

/** Submits direct reads, destroys the context, gives up the buffers: nobody may write them afterwards. */
function destroyer(user: NativeUser): void {
  const { prng, plan } = user;
  const handle = user.setup(prng.between(ASKED_MIN, ASKED_MAX));
  if (handle < 0) {
    user.pause(5);
    return;
  }
  const owner = ownerOf(PRIVATE_SLOT, plan.thread);
  prepareReads(user, owner, prng.between(1, BATCH_MAX), plan.direct);
  const { taken } = user.submit(handle);
  const done = user.ring(handle)[aio_ring.offsetof.tail / 4] as number;
  const ret = user.destroy(handle);
  if (ret !== 0) {
    user.finding('destroy:wrong-answer', 'io_destroy() does not know a context that is alive', String(answerOf(ret)));
    return;
  }
  if (done < taken.length) user.count('destroyed in flight');
  for (const entry of taken) user.fill(user.bufferOf(entry), BUFFER_BYTES, FREED);
  user.pause(prng.between(1, 20));
  if (plan.honesty === 'late write') user.poke(user.bufferOf(taken[0] ?? 0) + 64, 0);
  for (const entry of taken) {
    for (let at = 0; at < BUFFER_BYTES; at += 64) {
      if (user.peek(user.bufferOf(entry) + at) === FREED) continue;
      const title = 'a buffer was written after io_destroy() had returned and it was freed';
      user.finding('buffer:written-after-destroy', title, `buffer of entry ${entry}, byte ${at}`);
      break;
    }
  }
  bury(user, owner);
}

/**
 * Fills a ring of its own until io_submit() refuses, then reads, and so on. More may never be in flight and unread
 * together than the ring has room for, and with fewer than was asked for there must be room.
 */
function overcommitter(user: NativeUser): void {
  const { prng, plan } = user;
  const asked = prng.between(ASKED_MIN, ASKED_MAX);
  const handle = user.setup(asked);
  if (handle < 0) {
    user.pause(5);
    return;
  }
  const ring = user.ring(handle);
  const capacity = (ring[aio_ring.offsetof.nr / 4] as number) - 1;
  const owner = ownerOf(PRIVATE_SLOT, plan.thread);
  const byUser = prng.oneIn(2);
  const target = capacity * 2;
  let accepted = 0;
  let read = 0;
  let refused = 0;
  const drain = (): number => {
    const n = byUser ? user.reap(ring, EVENTS_MAX, 'honest') : user.getevents(handle, 0, EVENTS_MAX, 0);
    if (!byUser) user.deliverAll(n);
    return Math.max(0, n);
  };
  while (user.running() && accepted < target) {
    const prepared = prepareReads(user, owner, BATCH_MAX, plan.cached);
    const { ret, taken } = prepared > 0 ? user.submit(handle) : { ret: 0, taken: [] };
    accepted += taken.length;
    refused = ret === -EAGAIN ? refused + 1 : 0;
    const used = `asked for ${asked}, ${accepted} accepted, ${read} read, ${capacity} slots`;
    if (accepted - read > capacity) {
      user.finding('slot:excess', 'more requests were let in than the ring has slots', used);
    }
    if (refused >= 2 && accepted - read < asked) {
      user.finding('submit:spurious-eagain', 'io_submit() has no room, with fewer in use than were asked for', used);
    }
    if (ret === -EAGAIN) user.count('full');
    if (ret === -EAGAIN || prepared === 0) read += drain();
  }
  for (let n = 1; read < accepted && n > 0; read += n) n = drain();
  if (read < accepted) {
    user.finding('event:lost', 'a request was done and its event never came', `${accepted} accepted, ${read} read`);
  }
  user.destroy(handle);
  user.ledger.bury(owner);
}

export const STEPS: Readonly<Record<ThreadRole, (user: NativeUser) => void>> = {
  submitter,
  getter,
  reaper,
  churner,
  destroyer,
  overcommitter,
};

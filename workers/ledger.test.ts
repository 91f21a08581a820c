// SPDX-License-Identifier: GPL-2.0-only
/** The books tell an event that comes once from one that comes twice, late, or out of nothing. */
import { expect, test } from 'vitest';
import { ACCEPTED, createLedger, DELIVERED, DONE, Ledger, ownerOf, RACED, SETTLED, seqOf, slotOf } from './ledger.ts';

const fresh = (): Ledger => new Ledger(createLedger(2, 8), 2);
const take = (ledger: Ledger, entry: number, owner = ownerOf(0, 1)): number =>
  ledger.take(entry, owner, 0x4000000, 64, 0, 0x1000, 0x2000, 64, false);

test('an event is delivered once; the second time it is a duplicate', () => {
  const ledger = fresh();
  const generation = take(ledger, 3);
  expect(ledger.deliver(3, generation) & DELIVERED).toBe(0);
  expect(ledger.deliver(3, generation)).toBe(DELIVERED);
});

test('an event of an older use of the entry is a duplicate', () => {
  const ledger = fresh();
  const first = take(ledger, 3);
  ledger.deliver(3, first);
  ledger.mark(3, SETTLED);
  expect(ledger.reusable(3)).toBe(true);
  const second = take(ledger, 3);
  expect(second).not.toBe(first);
  expect(ledger.deliver(3, first)).toBe(DELIVERED);
  expect(ledger.deliver(3, second) & DELIVERED).toBe(0);
});

test('an event of a request that nobody made is a phantom', () => {
  const ledger = fresh();
  expect(ledger.deliver(3, 0)).toBe(-1);
  expect(ledger.deliver(-1, 0)).toBe(-1);
  expect(ledger.deliver(16, 1)).toBe(-1);
  const generation = take(ledger, 3);
  expect(ledger.deliver(3, generation + 1)).toBe(-1);
  ledger.drop(3);
  expect(ledger.deliver(3, generation)).toBe(-1);
});

test('an entry is not used again before its event has been looked at', () => {
  const ledger = fresh();
  const generation = take(ledger, 0);
  expect(ledger.reusable(0)).toBe(false);
  ledger.deliver(0, generation);
  expect(ledger.reusable(0)).toBe(false);
  ledger.mark(0, SETTLED);
  expect(ledger.reusable(0)).toBe(true);
});

test('in flight is what was accepted and is not done, of that context, and not raced', () => {
  const ledger = fresh();
  for (const entry of [0, 1, 2, 3]) take(ledger, entry);
  take(ledger, 4, ownerOf(1, 1));
  for (const entry of [0, 1, 2, 4]) ledger.mark(entry, ACCEPTED);
  ledger.mark(1, DONE);
  ledger.mark(2, RACED);
  expect(ledger.inFlight(ownerOf(0, 1))).toEqual([0]);
});

test('what the device finishes after its context was buried shows', () => {
  const ledger = fresh();
  const generation = take(ledger, 0);
  ledger.mark(0, ACCEPTED);
  expect(ledger.deviceDone(0, generation)).toBe(true);
  const next = take(ledger, 1);
  ledger.mark(1, ACCEPTED);
  ledger.bury(ownerOf(0, 1));
  expect(ledger.deviceDone(1, next)).toBe(false);
});

test('a retired context is not entered, and a new one is another', () => {
  const ledger = fresh();
  ledger.publish(5, 0x4000000, true, 127);
  expect(ledger.enter(5)).toBe(ledger.seq(5));
  expect(ledger.users(5)).toBe(1);
  const seq = ledger.seq(5);
  expect(ledger.retire(5)).toBe(0x4000000);
  expect(ledger.enter(5)).toBe(0);
  ledger.leave(5);
  expect(ledger.users(5)).toBe(0);
  expect(ledger.seq(5)).not.toBe(seq);
});

test('an owner says slot and incarnation', () => {
  expect([slotOf(ownerOf(63, 12345)), seqOf(ownerOf(63, 12345))]).toEqual([63, 12345]);
});

test('the lock of a context keeps all but one out', () => {
  const ledger = fresh();
  expect([ledger.tryLock(2), ledger.tryLock(2)]).toEqual([true, false]);
  ledger.unlock(2);
  expect(ledger.tryLock(2)).toBe(true);
});

// SPDX-License-Identifier: GPL-2.0-only
/** A completion that interrupts the submitter between a load and the store that follows from it, on each build. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Access, LOAD, STORE } from '../arch/sab/access.ts';
import { irqs_disabled } from '../arch/sab/cpu.ts';
import { setHook } from '../arch/sab/memory.ts';
import { nullb_interrupts, nullb_irq_line, nullb_set_delay } from '../drivers/null_blk.ts';
import { sys_io_destroy } from '../fs/aio/syscalls.ts';
import { percpu_ref } from '../lib/percpu-refcount.ts';
import { per_cpu_ptr } from '../mm/percpu.ts';
import { contextOf, slotsOf } from '../testing/slots.ts';
import {
  complaints,
  io_getevents,
  io_setup,
  io_submit,
  login,
  logout,
  makeIocb,
  malloc,
  mm,
  openDevice,
} from '../testing/user.ts';
import type { Slug } from './registry.ts';

beforeEach(() => login());
afterEach(logout);

const SLOTS = 126;
const HANG = 'the only CPU would sleep for ever';

function without(slug: Slug): void {
  logout();
  login({ reverted: [slug] });
}
/** Drops the machine, whose books are wrong now. */
const drop = (): void => login();

const deviceReads = (count: number): number[] => {
  const fd = openDevice();
  return Array.from({ length: count }, () => makeIocb({ fd, buf: malloc(64), nbytes: 64 }));
};

/** The device raises its line just before the n-th access of a sort to a word: the CPU takes it when it may. */
function interruptAt(word: number, op: Access, nth: number): void {
  const line = nullb_irq_line(1);
  let count = 0;
  const access = (kind: Access, addr: number): void => {
    if (kind === op && addr === word) count++;
    if (count < nth || irqs_disabled()) return;
    setHook(null);
    line.handle();
  };
  setHook({ access, sleeper: null });
}

describe('protect_slots_from_interrupts', () => {
  /** Two events have been read and a third is due, when another request takes a slot: two slots are to come back. */
  function submitInterrupted(op: Access, nth: number): { own: number; sum: number } {
    nullb_set_delay(0, 0);
    const ctx = io_setup(8);
    const [first, second, third, fourth] = deviceReads(4) as [number, number, number, number];
    expect(io_submit(ctx, first, second)).toBe(2);
    const line = nullb_irq_line(1);
    line.handle();
    line.handle();
    expect(io_getevents(ctx, 2)).toHaveLength(2);
    expect(io_submit(ctx, third)).toBe(1);
    const before = nullb_interrupts();
    interruptAt(per_cpu_ptr(contextOf(mm(), ctx).cpu, 0), op, nth);
    expect(io_submit(ctx, fourth)).toBe(1);
    expect(nullb_interrupts() - before).toBe(1);
    const { common, own, live, completed } = slotsOf(contextOf(mm(), ctx));
    return { own: own[0] as number, sum: own.reduce((all, n) => all + n, common + live + completed) };
  }
  // Whether there is a slot is one load, what is left of them another.
  const moments = [
    ['before the store is looked at', LOAD, 1, SLOTS],
    ['before the slots are loaded', LOAD, 2, SLOTS],
    ['between their load and their store', STORE, 1, SLOTS - 2],
  ] as const;

  test.each(moments)('fixed: an interrupt %s waits, and no slot is lost', (_when, op, nth) => {
    expect(submitInterrupted(op, nth).sum).toBe(SLOTS);
  });
  test.each(moments)('reverted: an interrupt %s', (_when, op, nth, slots) => {
    without('protect_slots_from_interrupts');
    expect(submitInterrupted(op, nth).sum).toBe(slots);
    drop();
  });
});

describe('count_references_in_one_step', () => {
  /** A request is due when another is counted. @returns its handle */
  function submitInterrupted(op: Access): number {
    nullb_set_delay(0, 0);
    const ctx = io_setup(8);
    const [first, second] = deviceReads(2) as [number, number];
    expect(io_submit(ctx, first)).toBe(1);
    const reqs = percpu_ref.at(contextOf(mm(), ctx).reqs);
    interruptAt(per_cpu_ptr(reqs.pcpu_count_ptr, 0), op, 1);
    expect(io_submit(ctx, second)).toBe(1);
    expect(nullb_interrupts()).toBe(1);
    return ctx;
  }

  test.each([
    ['before the count is loaded', LOAD],
    ['between its load and its store', STORE],
  ])('fixed: an interrupt %s does not disturb the count', (_when, op) => {
    expect(sys_io_destroy(submitInterrupted(op as Access))).toBe(0);
  });
  test('reverted: an interrupt before the count is loaded does not, either', () => {
    without('count_references_in_one_step');
    expect(sys_io_destroy(submitInterrupted(LOAD))).toBe(0);
  });
  test('reverted: after one between load and store io_destroy() waits for ever', () => {
    without('count_references_in_one_step');
    const ctx = submitInterrupted(STORE);
    expect(slotsOf(contextOf(mm(), ctx)).live).toBe(2);
    expect(() => sys_io_destroy(ctx)).toThrow(HANG);
    expect(complaints()).toEqual([`hang: ${HANG}`]);
    drop();
  });
});

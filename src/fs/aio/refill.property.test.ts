// SPDX-License-Identifier: GPL-2.0-only
/** The arithmetic of refill_reqs_available(), for any ring, any books, and any head that user space may write. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atomic_set } from '../../arch/sab/atomic.ts';
import { store32 } from '../../arch/sab/memory.ts';
import { per_cpu_ptr } from '../../mm/percpu.ts';
import { contextOf, slotsOf } from '../../testing/slots.ts';
import { inKernel, io_setup, login, logout, mm } from '../../testing/user.ts';
import type { kioctx } from './kioctx.ts';
import { refill_reqs_available } from './requests.ts';

let ctx: kioctx;
let fresh: readonly [nr_events: number, req_batch: number];
beforeAll(() => {
  login();
  ctx = contextOf(mm(), io_setup(1));
  fresh = [ctx.nr_events, ctx.req_batch];
});
afterAll(() => {
  [ctx.nr_events, ctx.req_batch] = fresh;
  setBooks(ctx.nr_events - 1, [0, 0], 0);
  logout();
});

function setBooks(common: number, own: readonly number[], completed: number): void {
  atomic_set(ctx.reqs_available, common);
  for (const [cpu, n] of own.entries()) store32(per_cpu_ptr(ctx.cpu, cpu), n);
  ctx.completed_events = completed;
}

const U32_MAX = 0xffff_ffff;

/** A ring of nr slots, its books, and what stands in its header. */
const rings = fc.integer({ min: 2, max: 200_000 }).chain((nr) =>
  fc.record({
    nr: fc.constant(nr),
    batch: fc.integer({ min: 1, max: nr }),
    completed: fc.integer({ min: 0, max: nr - 1 }),
    own: fc.integer({ min: 0, max: nr }),
    tail: fc.integer({ min: 0, max: nr - 1 }),
    head: fc.oneof(
      fc.integer({ min: 0, max: nr - 1 }),
      fc.integer({ min: 0, max: U32_MAX }),
      fc.constantFrom(nr - 1, nr, nr + 1, 2 * nr, 0x7fff_ffff, 0x8000_0000, U32_MAX),
    ),
  }),
);

test('what is credited is what the books have above what is in the ring, and no slot is made or lost', () => {
  fc.assert(
    fc.property(rings, ({ nr, batch, completed, own, tail, head }) => {
      ctx.nr_events = nr;
      ctx.req_batch = batch;
      setBooks(1000, [own, 5], completed);
      inKernel(() => refill_reqs_available(ctx, head, tail));

      // Modulo of a difference that may be negative.
      const inRing = (((tail - head) % nr) + nr) % nr;
      const credit = Math.max(0, completed - inRing);
      const after = slotsOf(ctx);
      expect(after.completed).toBe(completed - credit);
      expect(after.common + after.own[0]!).toBe(1000 + own + credit);
      expect(after.own[1]).toBe(5);
      // To all it gives whole batches, and only if something was credited at all.
      expect((after.common - 1000) % batch).toBe(0);
      if (credit > 0) expect(after.own[0]).toBeLessThan(2 * batch);
      else expect(after.own[0]).toBe(own);
    }),
    { seed: 20141, numRuns: 200 },
  );
});

test('a second refill from the same header gives nothing', () => {
  fc.assert(
    fc.property(rings, ({ nr, batch, completed, own, tail, head }) => {
      ctx.nr_events = nr;
      ctx.req_batch = batch;
      setBooks(0, [own, 0], completed);
      inKernel(() => refill_reqs_available(ctx, head, tail));
      const once = slotsOf(ctx);
      inKernel(() => refill_reqs_available(ctx, head, tail));
      expect(slotsOf(ctx)).toEqual(once);
    }),
    { seed: 20142, numRuns: 100 },
  );
});

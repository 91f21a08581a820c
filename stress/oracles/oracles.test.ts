// SPDX-License-Identifier: GPL-2.0-only
/** Each oracle is shown a kernel that keeps its promise, and one that has been broken by hand. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atomic_add } from '../../src/arch/sab/atomic.ts';
import { setHook } from '../../src/arch/sab/memory.ts';
import { aio, type kioctx } from '../../src/fs/aio/kioctx.ts';
import { sys_io_getevents, sys_io_setup, sys_io_submit } from '../../src/fs/aio/syscalls.ts';
import { createMachine, type Machine } from '../../src/init/machine.ts';
import { clearOopsLog, readOopsLog } from '../../src/kernel/oops.ts';
import { current, TASK_INTERRUPTIBLE, TASK_RUNNING } from '../../src/kernel/sched/core.ts';
import { mm_struct } from '../../src/mm/mm_types.ts';
import { alloc_page, put_page } from '../../src/mm/page_alloc.ts';
import { kfree, kzalloc } from '../../src/mm/slab.ts';
import { EINVAL } from '../../src/uapi/errno.ts';
import { emptyEvent, io_prep, peek, poke } from '../../src/user/libaio.ts';
import { become } from '../../src/user/process.ts';
import { destroyer } from '../../workers/destroyer.ts';
import { isOfRing } from '../../workers/head_scribbler.ts';
import { FD_INLINE } from '../../workers/layout.ts';
import { ACCEPTED, createLedger, DONE, Ledger, ownerOf } from '../../workers/ledger.ts';
import { createMeters, Meter } from '../../workers/meters.ts';
import { PortKernel } from '../../workers/port_kernel.ts';
import type { Role, RoundPlan } from '../../workers/protocol.ts';
import { User } from '../../workers/user.ts';
import { type Booted, bootRound } from '../round/boot.ts';
import { workload } from '../scenarios/scenario.ts';
import { lostEvents } from './events.ts';
import type { Inspection } from './inspection.ts';
import { leaks, pagesAtRest } from './leaks.ts';
import { strayMappings } from './mappings.ts';
import { quotaBalance } from './quota.ts';
import { oversleepers } from './sleepers.ts';
import { liveContexts, slotConservation } from './slots.ts';

const roles: Role[] = ['kworker', 'getter'];
let machine: Machine;
let booted: Booted;
let inspection: Inspection;
let ledger: Ledger;
let handle = 0;

/** A process on CPU 0 with one context of eight requests, three of which have been submitted and one read. */
beforeEach(() => {
  machine = createMachine({ cpus: 2, arenaMib: 16, sanitize: false });
  booted = bootRound(machine, workload({}), roles, { reverted: [] }, 1, 64 * 1024);
  setHook(null);
  become(booted.process);
  ledger = new Ledger(createLedger(2, 16), 2);
  inspection = {
    plan: { roles, process: booted.process } as unknown as RoundPlan,
    ledger,
    books: true,
  };
  const { base } = booted.process;
  expect(sys_io_setup(8, base)).toBe(0);
  handle = peek(base);
  for (let i = 0; i < 3; i++) {
    io_prep(base + 1024 + 64 * i, 0, FD_INLINE, base + 8192, 64, 0, i, 1);
    poke(base + 512 + 8 * i, base + 1024 + 64 * i);
  }
  expect(sys_io_submit(handle, 3, base + 512)).toBe(3);
  expect(sys_io_getevents(handle, 1, 1, base + 4096, 0)).toBe(1);
});

afterEach(() => become({ mm: 0, files: 0 }));

const context = (): kioctx => liveContexts(booted.process.mm)[0] as kioctx;
const kinds = (observations: readonly { kind: string }[]): string[] => observations.map(({ kind }) => kind);

test('slots are conserved, and a slot too few or too many is seen', () => {
  expect(slotConservation(inspection)).toEqual([]);
  atomic_add(-1, context().reqs_available);
  expect(kinds(slotConservation(inspection))).toEqual(['slot:leak']);
  atomic_add(2, context().reqs_available);
  expect(kinds(slotConservation(inspection))).toEqual(['slot:excess']);
});

test('a scribbled head does not disturb the sum', () => {
  poke(handle + 8, 0x7fffffff);
  expect(slotConservation(inspection)).toEqual([]);
});

test('quota is what the live contexts cost', () => {
  expect(quotaBalance(inspection, true)).toEqual([]);
  aio.it.aio_nr += 2;
  expect(kinds(quotaBalance(inspection, true))).toEqual(['quota:imbalance']);
});

test('quota is nothing when no process is left', () => {
  expect(kinds(quotaBalance(inspection, false))).toEqual(['quota:imbalance']);
  aio.it.aio_nr = 0;
  expect(quotaBalance(inspection, false)).toEqual([]);
});

test('each mapping belongs to a context', () => {
  expect(strayMappings(inspection)).toEqual([]);
  mm_struct.at(booted.process.mm).map_count += 1;
  expect(kinds(strayMappings(inspection))).toEqual(['leak:mapping']);
});

test('memory that is not given back is named', () => {
  const before = pagesAtRest();
  const named = (): string =>
    leaks(before)
      .map(({ title }) => title)
      .join();
  const clean = named();
  const object = kzalloc(64);
  expect(named()).toContain('kmalloc-64');
  kfree(object);
  expect(named()).toBe(clean);
  const page = alloc_page();
  expect(leaks(before)[0]?.text.join()).toContain('1 pages are missing');
  if (page !== null) put_page(page);
});

test('a request that was done and gave no event is lost; one that is in flight hangs', () => {
  ledger.publish(0, handle, false, 127);
  const owner = ownerOf(0, ledger.seq(0));
  const take = (entry: number): void => {
    ledger.take(entry, owner, handle, 64, 0, 0x1000, 0x2000, 64, false);
  };
  take(0);
  ledger.mark(0, ACCEPTED | DONE);
  take(1);
  ledger.mark(1, ACCEPTED);
  expect(kinds(lostEvents(inspection))).toEqual(['event:lost', 'hang']);
  // Delivered once: neither.
  expect(ledger.deliver(0, 1)).toBeGreaterThanOrEqual(0);
  expect(ledger.deliver(1, 1)).toBeGreaterThanOrEqual(0);
  expect(lostEvents(inspection)).toEqual([]);
});

test('unread events of a destroyed context are not lost', () => {
  ledger.publish(0, handle, false, 127);
  ledger.take(0, ownerOf(0, ledger.seq(0)), handle, 64, 0, 0x1000, 0x2000, 64, false);
  ledger.mark(0, ACCEPTED | DONE);
  ledger.retire(0);
  expect(lostEvents(inspection)).toEqual([]);
});

test('an event of a ring is zeros, or of a request that was submitted there', () => {
  const [ring, other] = [0x10000, 0x20000];
  const take = (entry: number, ctx: number): number =>
    ledger.take(entry, ownerOf(0, 1), ctx, 64, 0, 0x1000 + 64 * entry, 0x2000, 64, false);
  const first = take(0, other);
  const second = take(0, ring);
  const onOther = take(1, other);
  const ofCpu1 = take(ledger.entriesPerCpu, ring);
  const judge = (dataLo: number, dataHi: number, obj = 0x1000 + 64 * dataLo, res2 = 0): boolean =>
    isOfRing({ dataLo, dataHi, obj, res: 64, res2 }, ring, { ledger, cpu: 0 });
  expect(isOfRing(emptyEvent(), ring, { ledger, cpu: 0 })).toBe(true);
  expect([judge(0, second), judge(0, first)]).toEqual([true, true]);
  expect([judge(0, second, 0x1001), judge(0, second, 0x1000, 1), judge(0, second + 1), judge(0, 0)]).not.toContain(
    true,
  );
  expect([judge(1, onOther), judge(ledger.entriesPerCpu, ofCpu1), judge(-1, 1)]).not.toContain(true);
});

test('a sleeper whose events are there oversleeps; one who waits for more does not', () => {
  ledger.noteWait(0, handle, 2);
  expect(oversleepers(inspection)).toEqual([]);
  current.state = TASK_INTERRUPTIBLE;
  expect(oversleepers(inspection)).toEqual([0]);
  ledger.noteWait(0, handle, 3);
  expect(oversleepers(inspection)).toEqual([]);
  current.state = TASK_RUNNING;
});

/**
 * Two threads destroy one context with a request in flight, the second while the first is inside the kernel.
 * @param done - whether the device is done with the request when the calls return
 * @returns what they find
 */
function destroyTogether(first: number, second: number, done: boolean): string[] {
  ledger.publish(0, handle, false, 127);
  ledger.take(0, ownerOf(0, ledger.seq(0)), handle, 64, 0, 0x1000, 0x2000, 64, false);
  ledger.mark(0, ACCEPTED);
  const plan = {
    seed: 1,
    roles,
    leader: 0,
    workload: workload({ programs: { destroyer: 'destroy_together' }, turns: 1 }),
  };
  const thread = (cpu: number, io_destroy: () => number): User =>
    new User(
      cpu,
      plan,
      Object.assign(new PortKernel(booted.process), { io_destroy }),
      ledger,
      new Meter(createMeters(2), cpu),
      booted.process.base,
    );
  destroyer(
    thread(0, () => {
      if (done) ledger.mark(0, DONE);
      destroyer(thread(1, () => second));
      return first;
    }),
  );
  return kinds(readOopsLog(machine.oops).records);
}

test('of two io_destroy() of one context one returns 0, with no request in flight', () => {
  expect(destroyTogether(0, -EINVAL, true)).toEqual([]);
});

test('that both return 0, or one too early, is seen', () => {
  expect(destroyTogether(0, 0, true)).toEqual(['destroy:wrong-answer']);
  clearOopsLog(machine.oops);
  expect(destroyTogether(0, -EINVAL, false)).toEqual(['destroy:requests-in-flight']);
});

// SPDX-License-Identifier: GPL-2.0-only
/** Oops records: what they say, where they are kept, and that there may be too many. */
import { beforeEach, describe, expect, it } from 'vitest';
import { PAGE_OFFSET } from '../arch/sab/access.ts';
import { MachineAborted, setAborted } from '../arch/sab/control.ts';
import { type Addr, load32, memset, ramBytes, setHook, store32 } from '../arch/sab/memory.ts';
import type { Machine } from '../init/machine.ts';
import { type list_head, list_next } from '../lib/list.ts';
import { kzalloc } from '../mm/slab.ts';
import { boot, bootAgain, oopsOf, records } from '../testing/boot.ts';
import { TP } from '../trace/events.ts';
import { trace } from '../trace/flight_recorder.ts';
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from './locking/spinlock.ts';
import { isKernelExit, KernelOops, oops, oopsCount, readOopsLog, record } from './oops.ts';
import { BUG_ON, deref, WARN_ON } from './panic.ts';
import { msleep } from './sched/core.ts';

let machine: Machine;
beforeEach(() => {
  machine = boot();
});

describe('a record', () => {
  it('says what, where, who, and what every CPU was at', () => {
    const lock = kzalloc(spinlock_t.sizeof) as Addr<spinlock_t>;
    spin_lock_init(lock, 'test_lock_a');
    spin_lock(lock);
    trace(TP.sys_io_setup, 33);
    const found = oopsOf(machine, () => list_next(0x14 as Addr<list_head>));
    spin_unlock(lock);
    expect(found).toMatchObject({
      kind: 'oops:null-dereference',
      title: 'BUG: NULL pointer dereference',
      where: 'list_next',
      cpu: 0,
      role: 'test0',
      text: ['read of 4 bytes at 0x00000014'],
    });
    expect(found.us).toBeGreaterThanOrEqual(0);
    expect(found.stack[0]).toMatch(/^list_next \(src\/lib\/list\.ts:\d+\)$/);
    expect(found.cpus.map(({ cpu, role }) => [cpu, role])).toEqual([
      [0, 'test0'],
      [1, 'test1'],
    ]);
    expect(found.cpus[0]).toMatchObject({ held: [`test_lock_a 0x${lock.toString(16)}`], waiting: null });
    expect(found.cpus[0]?.steps.at(-1)?.text).toBe('io_setup(nr=33)');
    expect(found.cpus[1]?.steps).toEqual([]);
  });
  it('has the same title wherever the address is', () => {
    const titles = [0x14, 0x18].map((addr) => oopsOf(machine, () => load32(addr)).title);
    expect(new Set(titles).size).toBe(1);
    const wild = [0x7000_0000, 0x7000_0004].map((addr) => oopsOf(machine, () => store32(addr, 0)).title);
    expect(new Set(wild).size).toBe(1);
  });
  it("is out of the kernel's reach", () => {
    record({ kind: 'warn', title: 'before' });
    setHook(null);
    memset(PAGE_OFFSET, 0x6b, ramBytes());
    record({ kind: 'warn', title: 'after' });
    expect(records(machine).map(({ title }) => title)).toEqual(['before', 'after']);
  });
  it('is gone with the next boot', () => {
    record({ kind: 'warn', title: 'old' });
    bootAgain(machine);
    expect(records(machine)).toEqual([]);
  });
  it('too many is counted, and too long is cut to what matters', () => {
    record({ kind: 'warn', title: 'long', text: Array.from({ length: 10 }, (_, i) => `${i}`.repeat(500)) });
    for (let i = 0; i < 60; i++) record({ kind: 'warn', title: `number ${i}` });
    const { records: kept, dropped } = readOopsLog(machine.oops);
    expect(oopsCount(machine.oops)).toBe(61);
    expect(kept.length + dropped).toBe(61);
    expect(kept[0]).toMatchObject({ title: 'long' });
  });
});

describe('ways to one', () => {
  it('BUG_ON and deref end what the CPU is doing, WARN_ON does not', () => {
    BUG_ON(false, 'never');
    expect(oopsOf(machine, () => BUG_ON(true, 'one == two'))).toMatchObject({
      kind: 'bug',
      title: 'kernel BUG: one == two',
    });
    expect(deref(5, 'x')).toBe(5);
    expect(oopsOf(machine, () => deref(null, 'req->ki_ctx')).title).toContain('req->ki_ctx');
    expect([WARN_ON(false, 'a'), WARN_ON(true, 'b')]).toEqual([false, true]);
    expect(records(machine).at(-1)).toMatchObject({ kind: 'warn', title: 'WARNING: b' });
  });
  it("throw what the harness knows as the kernel's own", () => {
    expect(() => oops({ kind: 'bug', title: 'x' })).toThrow(KernelOops);
    expect(isKernelExit(new KernelOops('bug', 'x'))).toBe(true);
    expect(isKernelExit(new MachineAborted())).toBe(true);
    expect(isKernelExit(new TypeError('x'))).toBe(false);
  });
  it('do not include being given up', () => {
    setAborted(true);
    expect(() => msleep(1000)).toThrow(MachineAborted);
    expect(records(machine)).toEqual([]);
  });
});

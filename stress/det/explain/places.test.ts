// SPDX-License-Identifier: GPL-2.0-only
/** Every word of the objects that findings are about has the name that C gives it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { PAGE_SIZE } from '../../../src/arch/sab/memory.ts';
import { aio, kiocb, kiocb_cachep, kioctx, kioctx_cachep } from '../../../src/fs/aio/kioctx.ts';
import { cpu_task } from '../../../src/kernel/sched/core.ts';
import { alloc_pages_exact, virt_to_page } from '../../../src/mm/page_alloc.ts';
import { kmem_cache_alloc, kzalloc } from '../../../src/mm/slab.ts';
import { boot } from '../../../src/testing/boot.ts';
import { aio_ring, io_event } from '../../../src/uapi/aio_abi.ts';
import { placeOf, ringPlaceOf } from './places.ts';

const CPUS = 2;
const at = (addr: number) => placeOf(addr, CPUS);

beforeAll(() => {
  boot({ cpus: CPUS });
});

describe('kioctx', () => {
  const NAMES: Readonly<Record<string, string>> = {
    users: 'users.count',
    reqs: 'reqs.count',
    free_work: 'free_work.entry.next',
    rcu_head: 'rcu_head.next',
    active_reqs: 'active_reqs.next',
    wait: 'wait.lock',
    internal_pages: 'ring_pages[0]',
  };

  test.each(Object.entries(kioctx.offsetof))('%s', (field, offset) => {
    const ctx = kmem_cache_alloc(kioctx_cachep);
    expect(at(ctx + offset)).toMatchObject({ struct: 'kioctx', base: ctx, field: NAMES[field] ?? field });
  });

  test.each(['ctx_lock', 'completion_lock', 'ring_lock'] as const)('%s is a lock, by its first word', (lock) => {
    const ctx = kmem_cache_alloc(kioctx_cachep);
    const word = ctx + kioctx.offsetof[lock];
    expect(at(word)).toMatchObject({ lock, lockWord: true });
    expect(at(word + 4)).toMatchObject({ lock, lockWord: false });
  });

  test('the lock of the wait queue in it has its full name', () => {
    const ctx = kmem_cache_alloc(kioctx_cachep);
    expect(at(ctx + kioctx.offsetof.wait)).toMatchObject({ lock: 'wait.lock', lockWord: true });
  });

  test('each ring page has its number', () => {
    const ctx = kmem_cache_alloc(kioctx_cachep);
    expect(at(ctx + kioctx.offsetof.internal_pages + 28).field).toBe('ring_pages[7]');
  });
});

test.each(Object.entries(kiocb.offsetof))('kiocb: %s', (field, offset) => {
  const req = kmem_cache_alloc(kiocb_cachep);
  const name = field === 'ki_list' ? 'ki_list.next' : field;
  expect(at(req + offset)).toMatchObject({ struct: 'kiocb', base: req, field: name });
});

test.each(Object.entries(aio_ring.offsetof))('ring: %s', (field, offset) => {
  expect(ringPlaceOf(0, offset)).toEqual({ field });
});

test('ring: events by their slot, over all pages', () => {
  expect(ringPlaceOf(0, aio_ring.sizeof)).toEqual({ slot: 0 });
  expect(ringPlaceOf(0, PAGE_SIZE - 1)).toEqual({ slot: PAGE_SIZE / io_event.sizeof - 2 });
  expect(ringPlaceOf(1, 0)).toEqual({ slot: PAGE_SIZE / io_event.sizeof - 1 });
});

test('a struct page, a task, and what fs/aio.c has of its own', () => {
  const memory = alloc_pages_exact(1);
  const p = virt_to_page(memory);
  expect(at(p.$_count)).toMatchObject({ struct: 'page', base: p.addr, field: '_count' });
  expect(at(p.lock)).toMatchObject({ struct: 'page', lock: 'lock', lockWord: true });
  expect(at(cpu_task(1).$state)).toMatchObject({ struct: 'task_struct', base: cpu_task(1).addr, field: 'state' });
  expect(at(aio.it.aio_nr_lock)).toMatchObject({ struct: 'aio_globals', lock: 'aio_nr_lock', lockWord: true });
  expect(at(aio.it.$aio_nr).field).toBe('aio_nr');
  expect(at(aio.it.$aio_max_nr).field).toBe('aio_max_nr');
});

test('memory without a struct has none', () => {
  const memory = alloc_pages_exact(1);
  expect(at(memory + 8)).toMatchObject({ struct: 'memory', base: memory, field: '' });
  const bytes = kzalloc(64);
  expect(at(bytes)).toMatchObject({ struct: 'kmalloc-64', base: bytes, field: '' });
  expect(at(0x100)).toMatchObject({ struct: 'memory', field: '' });
});

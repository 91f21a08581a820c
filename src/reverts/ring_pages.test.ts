// SPDX-License-Identifier: GPL-2.0-only
/** The references to a ring's pages while one moves: hold_ring_pages, driven step by step, and what came after it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RMW, STORE } from '../arch/sab/access.ts';
import { in_atomic } from '../arch/sab/cpu.ts';
import { load32 } from '../arch/sab/memory.ts';
import { ptrAt } from '../arch/sab/struct.ts';
import { sys_io_destroy } from '../fs/aio/syscalls.ts';
import type { file } from '../fs/file.ts';
import { migrate_page } from '../mm/migrate.ts';
import type { address_space } from '../mm/mm_types.ts';
import { page, page_count, pfn_range, pfn_to_page, put_page } from '../mm/page_alloc.ts';
import { contextOf } from '../testing/slots.ts';
import { complaints, inKernel, io_setup, login, logout, meanwhile, mm } from '../testing/user.ts';
import { errname } from '../uapi/errno.ts';
import { settleKernel } from '../user/process.ts';

beforeEach(() => login());
afterEach(logout);

const BUILDS = {
  fixed: [],
  'serialise_migration reverted': ['serialise_migration'],
  'hold_ring_pages reverted': ['hold_ring_pages'],
} as const;

function without(build: keyof typeof BUILDS): void {
  logout();
  login({ reverted: BUILDS[build] });
}
/** Drops the machine, which an oops has stopped, or which has lost a page. */
const dropMachine = (): void => login();

const firstPage = (ctx: number): page => ptrAt(contextOf(mm(), ctx).ring_pages, 0, page) as page;
const migrate = (p: page): string => inKernel(() => errname(migrate_page(p)));

/** The first page of a file, as a sweep through all of RAM finds it. */
function pageOfFile(): page | null {
  const [first, end] = pfn_range();
  for (let pfn = first; pfn < end; pfn++) if (pfn_to_page(pfn).mapping !== 0) return pfn_to_page(pfn);
  return null;
}

/** Makes a context; the first page of its ring is moved by another CPU as soon as it can be found. @returns how */
function migrateInSetup(): string {
  let moved = 'never';
  let found: page | null = null;
  meanwhile(
    (op) => {
      if (op !== STORE || in_atomic()) return false;
      found = pageOfFile();
      return found !== null && load32(found.lock) === 0;
    },
    () => {
      moved = migrate(found as page);
    },
  );
  io_setup(8);
  return moved;
}

test.each([
  ['fixed', '-EAGAIN'], // ring_lock is held until the ring is whole
  ['serialise_migration reverted', '-EINVAL'], // the ring has no page of that number yet
] as const)('%s: a page of a ring that is being made does not move', (build, says) => {
  without(build);
  expect(migrateInSetup()).toBe(says);
});

test('hold_ring_pages reverted: it does, and the ring has the page that was freed', () => {
  without('hold_ring_pages reverted');
  expect(migrateInSetup).toThrow('KASAN');
  expect(complaints()).toEqual([expect.stringContaining('kasan:use-after-free')]);
  dropMachine();
});

/**
 * Moves the page of a ring that is being freed. What frees it drops its reference when the page cache has the new page,
 * and before it cuts migration off: the order of before fa8a53c39f3f.
 */
function migrateInTeardown(): string {
  const handle = io_setup(8);
  const ctx = contextOf(mm(), handle);
  expect(sys_io_destroy(handle)).toBe(0);
  const old = ptrAt(ctx.ring_pages, 0, page) as page;
  const { private_lock, page_tree } = (ctx.aio_ring_file as file).f_mapping as address_space;
  meanwhile(
    (op, addr) => op === RMW && addr === private_lock && ptrAt(page_tree, 0, page) !== old,
    () => put_page(old),
  );
  return migrate(old);
}

test('serialise_migration reverted: the reference of a ring that is being freed is its own', () => {
  without('serialise_migration reverted');
  migrateInTeardown();
  expect(complaints()).toEqual([]);
  dropMachine();
});

test('hold_ring_pages reverted: it is dropped twice, and a page that was freed is copied', () => {
  without('hold_ring_pages reverted');
  expect(migrateInTeardown).toThrow('KASAN');
  expect(complaints()).toEqual([
    'refcount:page: a page is freed while it is in a page cache',
    expect.stringContaining('kasan:use-after-free'),
  ]);
  dropMachine();
});

test.each(Object.keys(BUILDS) as (keyof typeof BUILDS)[])('%s: where nobody races, references are right', (build) => {
  without(build);
  const ctx = io_setup(8);
  const old = firstPage(ctx);
  expect(migrate(old)).toBe('0');
  expect([page_count(firstPage(ctx)), page_count(old)]).toEqual([2, 0]);
  expect(sys_io_destroy(ctx)).toBe(0);
  settleKernel();
});

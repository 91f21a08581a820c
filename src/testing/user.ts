// SPDX-License-Identifier: GPL-2.0-only
/**
 * For tests of the system calls: one process on a machine with one running CPU, and what user space does.
 *
 *   beforeEach(() => login());
 *   afterEach(logout);      nothing was complained about, no slot and no memory is lost
 */
import { expect } from 'vitest';
import type { Access } from '../arch/sab/access.ts';
import { ktime_get } from '../arch/sab/clock.ts';
import {
  irqs_disabled,
  local_irq_disable,
  preempt_count,
  preempt_disable,
  setCpu,
  smp_processor_id,
} from '../arch/sab/cpu.ts';
import { setHook } from '../arch/sab/memory.ts';
import { endpoint_open } from '../drivers/endpoint.ts';
import { nullb_open } from '../drivers/null_blk.ts';
import { type ramdisk, ramdisk_create, ramdisk_destroy, ramdisk_open, ramdisk_truncate } from '../drivers/ramdisk.ts';
import { sys_io_getevents, sys_io_setup, sys_io_submit } from '../fs/aio/syscalls.ts';
import { eventfd_file_create } from '../fs/eventfd.ts';
import { close_fd, FMODE_READ, FMODE_WRITE, fd_install, type file, files_struct } from '../fs/file.ts';
import { createMachine, type Machine, start_kernel } from '../init/machine.ts';
import { runDeferredWorkWhenIdle } from '../init/uniprocessor.ts';
import { clearOopsLog, readOopsLog } from '../kernel/oops.ts';
import { current, kernel_enter, kernel_exit, sched_attach, TASK_RUNNING } from '../kernel/sched/core.ts';
import { kasan_check } from '../mm/kasan.ts';
import { mm_struct } from '../mm/mm_types.ts';
import { vm_brk } from '../mm/mmap.ts';
import { alloc_page, nr_free_pages, type page, put_page } from '../mm/page_alloc.ts';
import { liveObjects, slabPages } from '../mm/slab.ts';
import type { Build } from '../reverts/registry.ts';
import { IOCB_CMD_PREAD, iocb } from '../uapi/aio_abi.ts';
import { errname, IS_ERR } from '../uapi/errno.ts';
import { EVENT_BYTES, emptyEvent, IOCB_BYTES, io_prep, peek, poke, read_event, user_getevent } from '../user/libaio.ts';
import { become, exitContexts, type Process, reap, settleKernel, spawn } from '../user/process.ts';
import { checkSlots } from './slots.ts';

const USER_BYTES = 1024 * 1024;
const ARENA_MIB = 8;

let machine: Machine;
let cpus = 0;
let process: Process;
let top = 0;
let pages = 0;
const disks: ramdisk[] = [];

interface Login extends Partial<Build> {
  readonly cpus?: number;
}

/** Boots a machine, and begins a process in it. Possible CPUs: 2. */
export function login(options: Login = {}): void {
  cpus = options.cpus ?? 2;
  if (machine?.cpus !== cpus) machine = createMachine({ cpus, arenaMib: ARENA_MIB, sanitize: true });
  const roles = Array.from({ length: cpus }, (_, cpu) => `test${cpu}`);
  const { reverted = [], applied, rcu } = options;
  start_kernel(
    machine,
    { cpu: 0, reverted, applied, rcu, seed: 1, perturb: 'none', debug: true, roles, bootTime: ktime_get() },
    1,
  );
  runDeferredWorkWhenIdle();
  pages = pagesAtRest();
  disks.length = 0;
  process = spawn(USER_BYTES, 0);
  become(process);
  top = process.base;
}

const pagesAtRest = (): number => nr_free_pages() + slabPages();

/** What the kernel has complained about since the last call, as `kind: title`. */
export function complaints(): string[] {
  const found = readOopsLog(machine.oops).records.map(({ kind, title }) => `${kind}: ${title}`);
  clearOopsLog(machine.oops);
  return found;
}

/** Ends the process. Nothing may be left of it, and the kernel must not have complained since complaints(). */
export function logout(): void {
  runOn(0);
  expect([current.state, current.stack_used]).toEqual([TASK_RUNNING, 0]);
  expect(complaints()).toEqual([]);
  checkSlots(mm());
  exitContexts(process);
  settleKernel();
  reap(process, true);
  inKernel(() => {
    for (const disk of disks) ramdisk_destroy(disk);
  });
  settleKernel();
  expect(complaints()).toEqual([]);
  expect([...liveObjects()]).toEqual([]);
  expect(pagesAtRest()).toBe(pages);
}

export const mm = (): mm_struct => mm_struct.at(process.mm);
export const exitAio = (): void => exitContexts(process);

/** Calls what is not a system call. */
export function inKernel<T>(f: () => T): T {
  kernel_enter();
  const ret = f();
  kernel_exit();
  return ret;
}

/** Goes on as a thread of the process on another CPU, of which one runs at a time. */
export function runOn(cpu: number): void {
  setCpu(cpu, cpus);
  sched_attach();
  become(process);
}

/** Runs it on another CPU, while this one is in the middle of something, and may hold locks. */
function onCpu(cpu: number, f: () => void): void {
  const here = smp_processor_id();
  const depth = preempt_count();
  const irqs = irqs_disabled();
  runOn(cpu);
  f();
  runOn(here);
  while (preempt_count() < depth) preempt_disable();
  if (irqs) local_irq_disable();
}

/** Runs it on another CPU before the first access for which `when` holds, in the place of KASAN, which is back then. */
export function meanwhile(when: (op: Access, addr: number) => boolean, f: () => void): void {
  const access = (op: Access, addr: number): void => {
    if (!when(op, addr)) return;
    setHook({ access: kasan_check, shadowed: true, sleeper: null });
    onCpu(1, f);
  };
  setHook({ access, sleeper: null });
}

/** Zeroed user memory. */
export function malloc(bytes: number): number {
  const at = top;
  top += (bytes + 63) & -64;
  if (top > process.base + USER_BYTES) throw new Error('the test uses more user memory than there is');
  return at;
}

/** User memory of which the last byte is the last one that is mapped. */
export const mallocGuarded = (bytes: number): number => map(1, true) + 4096 - bytes;
export const mallocReadOnly = (): number => map(1, false);
const map = (count: number, writable: boolean): number => inKernel(() => vm_brk(mm(), count, writable));

function open(f: () => file | number | null): number {
  return inKernel(() => {
    const filp = f();
    if (filp === null || IS_ERR(filp)) throw new Error('no memory for a file');
    return fd_install(files_struct.at(process.files), filp);
  });
}

/** A file of so many zero bytes, opened. */
export function openFile(bytes: number, mode = FMODE_READ | FMODE_WRITE, flags = 0): number {
  return open(() => {
    const disk = ramdisk_create(Math.max(bytes, 1));
    if (IS_ERR(disk)) return null;
    disks.push(disk);
    ramdisk_truncate(disk, bytes);
    return ramdisk_open(disk, mode, flags);
  });
}
/** The device whose requests wait for io_cancel() or nullb_complete_by_hand(). */
export const openPending = (): number => open(endpoint_open);
/** The device whose requests complete when the CPU is idle. */
export const openDevice = (): number => open(nullb_open);
export const openEventfd = (count: number): number => open(() => eventfd_file_create(count));
export const close = (fd: number): number => inKernel(() => close_fd(files_struct.at(process.files), fd));

/** An iocb in user memory; what is not said is 0, and the command a PREAD. */
export interface IocbFields {
  readonly cmd?: number;
  readonly fd?: number;
  readonly buf?: number;
  readonly nbytes?: number;
  readonly offset?: number;
  readonly data?: number;
}
export function makeIocb({
  cmd = IOCB_CMD_PREAD,
  fd = 0,
  buf = 0,
  nbytes = 0,
  offset = 0,
  data = 0,
}: IocbFields): number {
  const at = malloc(IOCB_BYTES);
  io_prep(at, cmd, fd, buf, nbytes, offset, data, 0);
  return at;
}
/** Stores a word of an iocb. */
export function setIocb(at: number, field: keyof typeof iocb.offsetof, value: number): void {
  poke(at + iocb.offsetof[field], value);
}

/** @returns the handle @throws if there is none */
export function io_setup(nr_events: number): number {
  const ctxp = malloc(8);
  const ret = sys_io_setup(nr_events, ctxp);
  if (ret !== 0) throw new Error(`io_setup(${nr_events}): ${errname(ret)}`);
  return peek(ctxp);
}

/** @returns what io_setup() answers, by name */
export function tryIoSetup(nr_events: number): string {
  return errname(sys_io_setup(nr_events, malloc(8)));
}

/** An array of pointers in user memory. */
export function pointerArray(pointers: readonly number[]): number {
  const at = malloc(8 * pointers.length);
  for (const [i, pointer] of pointers.entries()) poke(at + 8 * i, pointer);
  return at;
}

/** @returns the count, or the error by name */
export function io_submit(ctx: number, ...iocbs: readonly number[]): number | string {
  const ret = sys_io_submit(ctx, iocbs.length, pointerArray(iocbs));
  return ret < 0 ? errname(ret) : ret;
}

/** A timespec. */
export function timespec(sec: number, nsec: number): number {
  const at = malloc(16);
  for (const [i, word] of [sec, sec >> 31, nsec, nsec >> 31].entries()) poke(at + 4 * i, word);
  return at;
}

/** An event, as tests like it. */
export interface Got {
  readonly data: number;
  readonly res: number;
}
export function eventsAt(at: number, count: number): Got[] {
  const event = emptyEvent();
  return Array.from({ length: count }, (_, i) => {
    read_event(at + i * EVENT_BYTES, event);
    return { data: event.dataLo, res: event.res };
  });
}

/** Gets up to `nr` events, without waiting. @returns them, or the error by name */
export function io_getevents(ctx: number, nr: number): Got[] | string {
  const at = malloc(nr * EVENT_BYTES);
  const ret = sys_io_getevents(ctx, 0, nr, at, 0);
  return ret < 0 ? errname(ret) : eventsAt(at, ret);
}

/** Takes up to `max` events from the mapped ring. */
export function userReap(ctx: number, max: number): Got[] {
  const event = emptyEvent();
  const got: Got[] = [];
  while (got.length < max && user_getevent(ctx, event)) got.push({ data: event.dataLo, res: event.res });
  return got;
}

/** Takes all pages but `left`, runs it, and gives them back. */
export function withFreePages<T>(left: number, f: () => T): T {
  const taken: page[] = [];
  inKernel(() => {
    while (nr_free_pages() > left) taken.push(alloc_page() as page);
  });
  const ret = f();
  inKernel(() => {
    for (const p of taken) put_page(p);
  });
  return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/** The trace points: what a CPU notes of its own steps, and how a report prints it. */
import { errname } from '../uapi/errno.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;
const slot = (n: number): string => String(n >>> 0);

type Describe = (a: number, b: number, c: number) => string;
const describe: Describe[] = [];
const point = (text: Describe): TracePoint => (describe.push(text) - 1) as TracePoint;

/** Number of a trace point. */
export type TracePoint = number & { readonly point: never };

export const TP = {
  sys_io_setup: point((nr) => `io_setup(nr=${nr >>> 0})`),
  sys_io_setup_done: point((ret) => `io_setup = ${errname(ret)}`),
  sys_io_destroy: point((ctx) => `io_destroy(ctx=${hex(ctx)})`),
  sys_io_destroy_done: point((ret, ctx) => `io_destroy(ctx=${hex(ctx)}) = ${errname(ret)}`),
  sys_io_submit: point((ctx, nr) => `io_submit(ctx=${hex(ctx)}, nr=${nr})`),
  sys_io_submit_done: point((ret, ctx) => `io_submit(ctx=${hex(ctx)}) = ${errname(ret)}`),
  sys_io_getevents: point((ctx, min, nr) => `io_getevents(ctx=${hex(ctx)}, min=${min}, nr=${nr})`),
  sys_io_getevents_done: point((ret, ctx) => `io_getevents(ctx=${hex(ctx)}) = ${errname(ret)}`),
  sys_io_cancel: point((ctx, obj) => `io_cancel(ctx=${hex(ctx)}, iocb=${hex(obj)})`),
  sys_io_cancel_done: point((ret, ctx) => `io_cancel(ctx=${hex(ctx)}) = ${errname(ret)}`),
  ioctx_alloc: point((ctx, nr, id) => `ioctx_alloc: kioctx ${hex(ctx)} nr_events=${nr} id=${id}`),
  kill_ioctx: point((ctx) => `kill_ioctx: kioctx ${hex(ctx)} dead <- 1`),
  free_ioctx_users: point((ctx) => `free_ioctx_users: kioctx ${hex(ctx)} has no users`),
  free_ioctx_reqs: point((ctx) => `free_ioctx_reqs: kioctx ${hex(ctx)} has no requests`),
  free_ioctx: point((ctx) => `free_ioctx: kioctx ${hex(ctx)} freed`),
  aio_complete: point((ctx, at, obj) => `aio_complete: kioctx ${hex(ctx)} slot ${slot(at)} <- iocb ${hex(obj)}`),
  read_events: point((ctx, head, n) => `aio_read_events_ring: kioctx ${hex(ctx)} head ${slot(head)} (+${n})`),
  refill: point((ctx, n) => `refill_reqs_available: kioctx ${hex(ctx)} +${n} slots`),
  user_reap: point((ctx, head, n) => `user reaps: ring ${hex(ctx)} head ${slot(head)} (+${n})`),
  user_scribble: point((ctx, word, value) => `user scribbles: ring ${hex(ctx)} word ${word} <- ${hex(value)}`),
  migrate_copy: point(
    (old, next, index) => `aio_migratepage: ring_pages[${index}] copied, ${hex(old)} -> ${hex(next)}`,
  ),
  migrate_done: point((old, next, index) => `aio_migratepage: ring_pages[${index}] = ${hex(next)}, was ${hex(old)}`),
  migrate_fail: point((old, ret) => `migrate page ${hex(old)}: ${errname(ret)}`),
  device_queue: point((req, ctx) => `device: request ${hex(req)} of kioctx ${hex(ctx)} queued`),
  device_write: point((req, buf, len) => `device: request ${hex(req)} writes ${len} bytes to user ${hex(buf)}`),
  device_cancel: point((req) => `device: request ${hex(req)} cancelled`),
  rcu_gp_start: point((n) => `rcu: grace period ${n} starts`),
  rcu_gp_end: point((n) => `rcu: grace period ${n} ends`),
  work: point((work) => `kworker: runs work ${hex(work)}`),
  user_free: point((buf, len) => `user frees buffer ${hex(buf)} (${len} bytes)`),
  exit_aio: point((mm) => `exit_aio(mm=${hex(mm)})`),
} as const;

/** A step in words. */
export const describeTrace = (n: number, a: number, b: number, c: number): string =>
  describe[n]?.(a, b, c) ?? `trace point ${n}`;

const names: readonly string[] = Object.keys(TP);
/** `aio_complete`, `read_events`, … */
export const tracePointName = (n: number): string => names[n] ?? `trace point ${n}`;

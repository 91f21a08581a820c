// SPDX-License-Identifier: GPL-2.0-only
/**
 * RCU, of one flavour or of two.
 *
 * classic, as CONFIG_PREEMPT=n has it: a reader cannot be preempted, so entering a read section costs nothing, and a
 * CPU that is seen in user mode, idle or asleep has left every section it was in. A grace period is over when each CPU
 * has been seen so once since it began.
 *
 * preempt, as CONFIG_PREEMPT=y has it: a reader may be preempted, so a CPU that has switched tasks may be in a read
 * section all the same. call_rcu() and synchronize_rcu() wait for readers, which say when they come and go.
 * call_rcu_sched() waits for CPUs, as before: sections with preemption off are what it waits for, and to it a preempted
 * reader is none.
 *
 * One kernel thread (rcu_gp_kthread) takes all callbacks that have been queued, waits out a grace period of each
 * flavour that has some, and calls them.
 *
 *   CPU 1 (updater)            rcu_gp_kthread               CPU 2 (reader)
 *   unlink x                                               rcu_read_lock(); p = x
 *   call_rcu(free x) ────────▶ take callbacks               use p
 *                              CPU 2 in the kernel: wait    rcu_read_unlock()
 *                              ◀──────────────────────────  back to user mode
 *                              call free x
 *
 * synchronize_rcu() queues a callback that completes a completion, and waits.
 *
 * Locks: L = rcu_data.lock.
 * NOT LINUX: callbacks run in the kthread, not in a softirq of the CPU that queued them; it serves both flavours.
 * @linux kernel/rcu/tree.c, kernel/rcu/tree_plugin.h, kernel/rcu/update.c v3.17
 */
import { ACCESS_ONCE, smp_mb, smp_store_release } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { isAborted, noteProgress } from '../../arch/sab/control.ts';
import {
  is_preempt_rcu,
  num_possible_cpus,
  preempt_disable,
  preempt_enable,
  smp_processor_id,
} from '../../arch/sab/cpu.ts';
import { type Fn, fn, fnOf, fnptr } from '../../arch/sab/functable.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { container_of, embed, struct, u32, type View } from '../../arch/sab/struct.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from '../locking/spinlock.ts';
import { complete, completion, init_completion, wait_for_completion } from '../sched/completion.ts';
import {
  current,
  dyntick_save_progress_counter,
  enter_rcu_reader,
  is_rcu_reader,
  leave_rcu_reader,
  might_sleep,
  schedule,
  stack_alloc,
  stack_free,
  TASK_INTERRUPTIBLE,
  wait_for_quiescent_cpu,
} from '../sched/core.ts';
import {
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  wait_queue_head_t,
  waitqueue_active,
  wake_up,
} from '../sched/wait.ts';

export type RcuCallback = (head: Addr<rcu_head>) => void;
export const rcu_head = struct('rcu_head', {
  /** L: next callback, address */
  next: u32,
  /** L: id of the function */
  func: fnptr<RcuCallback>(),
});
export type rcu_head = View<typeof rcu_head>;

const rcu_data = struct('rcu_data', {
  lock: embed(spinlock_t),
  /** L: oldest callback that waits for a grace period to begin */
  head: u32,
  /** L: youngest */
  tail: u32,
  /** L: callbacks queued and not yet called */
  pending: u32,
  /** P(kthread): grace periods that have ended */
  completed: u32,
  /** the kthread waits here for callbacks */
  wait: embed(wait_queue_head_t),
});
type rcu_data = View<typeof rcu_data>;
const rcu = bss('rcu', rcu_data);
/** Callbacks of RCU-sched, where it is a flavour of its own. */
const rcu_sched = bss('rcu_sched', rcu_data);

export function rcu_init(): void {
  for (const { it } of [rcu, rcu_sched]) {
    spin_lock_init(it.lock, 'rcu.lock');
    init_waitqueue_head(it.wait, 'rcu.wait');
  }
}

/** Begins a read section: the task must not sleep until rcu_read_unlock(). */
export function rcu_read_lock(): void {
  if (is_preempt_rcu()) enter_rcu_reader();
  else preempt_disable();
}
export function rcu_read_unlock(): void {
  if (is_preempt_rcu()) leave_rcu_reader();
  else preempt_enable();
}
/** The same for RCU-sched: the CPU must not be preempted. */
export const rcu_read_lock_sched: () => void = preempt_disable;
export const rcu_read_unlock_sched: () => void = preempt_enable;

/** Loads a pointer; what is loaded through it is not older than its store. @context read section */
export const rcu_dereference: typeof ACCESS_ONCE = ACCESS_ONCE;
/** The same, where a lock is held that keeps it, or nobody else is left. */
export const rcu_dereference_raw: typeof ACCESS_ONCE = ACCESS_ONCE;
/** Publishes a pointer: what it points to has been written before. */
export const rcu_assign_pointer: typeof smp_store_release = smp_store_release;

/**
 * Has `func` called with `head` after a grace period. The memory of `head` is the callback's until then.
 *
 * @context any
 */
export function call_rcu(head: Addr<rcu_head>, func: Fn<RcuCallback>): void {
  __call_rcu(rcu.it, head, func);
}

/** As call_rcu(), but to it a preempted reader is none. */
export function call_rcu_sched(head: Addr<rcu_head>, func: Fn<RcuCallback>): void {
  __call_rcu(is_preempt_rcu() ? rcu_sched.it : rcu.it, head, func);
}

function __call_rcu(r: rcu_data, head: Addr<rcu_head>, func: Fn<RcuCallback>): void {
  const h = rcu_head.at(head);
  h.next = 0;
  h.func = func;
  const flags = spin_lock_irqsave(r.lock);
  if (r.tail === 0) r.head = head;
  else rcu_head.at(r.tail).next = head;
  r.tail = head;
  r.pending += 1;
  spin_unlock_irqrestore(r.lock, flags);
  // Pairs with prepare_to_wait() in rcu_gp_kthread().
  smp_mb();
  const { wait } = rcu.it;
  if (waitqueue_active(wait)) wake_up(wait);
}

const rcu_synchronize = struct('rcu_synchronize', {
  head: embed(rcu_head),
  completion: embed(completion),
});
const wakeme_after_rcu = fn('wakeme_after_rcu', function wakeme_after_rcu(head: Addr<rcu_head>) {
  complete(completion.at(container_of(head, rcu_synchronize, 'head').completion));
});

/** Waits for a grace period. @context may sleep, no read section */
export const synchronize_rcu = (): void => wait_rcu_gp(call_rcu);
/** Waits until each CPU has been quiescent. @context may sleep */
export const synchronize_sched = (): void => wait_rcu_gp(call_rcu_sched);

function wait_rcu_gp(call: typeof call_rcu): void {
  might_sleep();
  const wait = rcu_synchronize.at(stack_alloc(rcu_synchronize.sizeof));
  init_completion(completion.at(wait.completion));
  call(wait.head, wakeme_after_rcu);
  wait_for_completion(completion.at(wait.completion));
  stack_free(rcu_synchronize.sizeof);
  current.gp_waits += 1;
}

/** Waits until every callback queued before the call has been called. @context may sleep */
export function rcu_barrier(): void {
  // One thread calls them all, of each flavour in order, so a callback of our own is behind all of them.
  synchronize_rcu();
  if (is_preempt_rcu()) synchronize_sched();
}

/**
 * Waits out one grace period, of all CPUs at once: while one is waited for, the others go on.
 * @param readers - whether readers are waited for, or CPUs
 * @context the kthread only
 */
function rcu_gp(readers: boolean): void {
  const r = rcu.it;
  trace(TP.rcu_gp_start, r.completed + 1);
  const self = smp_processor_id();
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) if (cpu !== self) dyntick_save_progress_counter(cpu, readers);
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) if (cpu !== self) wait_for_quiescent_cpu(cpu, readers);
  r.completed += 1;
  trace(TP.rcu_gp_end, r.completed);
}

/** Takes the callbacks that wait for a grace period to begin. @returns the first, 0 if there is none */
function take_callbacks(r: rcu_data): number {
  const flags = spin_lock_irqsave(r.lock);
  const head = r.head;
  r.head = 0;
  r.tail = 0;
  spin_unlock_irqrestore(r.lock, flags);
  return head;
}

/** Calls callbacks whose grace period is over. @param head - the first @context may not sleep */
function rcu_do_batch(r: rcu_data, head: number): void {
  let called = 0;
  while (head !== 0) {
    const h = rcu_head.at(head);
    const func = h.func;
    const next = h.next;
    fnOf(func)(head as Addr<rcu_head>);
    head = next;
    called++;
  }
  const flags = spin_lock_irqsave(r.lock);
  r.pending -= called;
  spin_unlock_irqrestore(r.lock, flags);
  noteProgress(smp_processor_id());
}

/**
 * The grace-period thread: serves callbacks until `done()`, and none is left.
 * @context kernel thread; exactly one
 */
export function rcu_gp_kthread(done: () => boolean): void {
  const r = rcu.it;
  const preempt = is_preempt_rcu();
  const wait = DEFINE_WAIT();
  for (;;) {
    prepare_to_wait(r.wait, wait, TASK_INTERRUPTIBLE);
    const sched = preempt ? take_callbacks(rcu_sched.it) : 0;
    const head = take_callbacks(r);
    if ((head | sched) === 0) {
      if (done() || isAborted()) break;
      schedule();
      continue;
    }
    finish_wait(r.wait, wait);
    if (sched !== 0) {
      rcu_gp(false);
      rcu_do_batch(rcu_sched.it, sched);
    }
    if (head !== 0) {
      rcu_gp(preempt);
      rcu_do_batch(r, head);
    }
  }
  finish_wait(r.wait, wait);
  FREE_WAIT();
}

/**
 * Calls the callbacks that wait, where no kthread does: on a machine with one running CPU, which is about to sleep,
 * every grace period is over, but for readers that have been preempted.
 *
 * @returns whether there were any
 * @context the idle hook
 */
export function rcu_run_pending(): boolean {
  if (!is_preempt_rcu()) return run_pending(rcu.it);
  return run_pending(rcu_sched.it) || (!is_any_reader() && run_pending(rcu.it));
}

/** Whether a reader has been preempted, who is the only one whom a grace period would wait for. */
function is_any_reader(): boolean {
  for (let cpu = 0; cpu < num_possible_cpus(); cpu++) if (is_rcu_reader(cpu)) return true;
  return false;
}

function run_pending(r: rcu_data): boolean {
  const head = take_callbacks(r);
  if (head === 0) return false;
  rcu.it.completed += 1;
  rcu_do_batch(r, head);
  return true;
}

/** Wakes the kthread so that it asks whether it is done. Any thread. */
export function rcu_kick(): void {
  wake_up(rcu.it.wait);
}

/** Grace periods that have ended since boot. */
export const rcu_completed = (): number => rcu.it.completed;
/** Callbacks that wait. */
export const rcu_pending = (): number => rcu.it.pending + rcu_sched.it.pending;

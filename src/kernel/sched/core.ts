// SPDX-License-Identifier: GPL-2.0-only
/**
 * Tasks: one for each CPU, its state, and how it sleeps and is woken.
 *
 * The protocol that loses no wake-up is the kernel's:
 *
 *   sleeper                                  waker
 *   state = TASK_INTERRUPTIBLE (barrier)     make the condition true (barrier)
 *   test the condition                       state = TASK_RUNNING, and wake if it was not
 *   schedule(): sleep while not RUNNING
 *
 * A CPU is quiescent for RCU in user mode, idle and asleep; `dynticks` says which. It counts two at each change
 * between kernel and quiescent, so bit 1 is set while in the kernel; bit 0 says that a grace period waits for a change.
 *
 * NOT LINUX: one task a CPU, hence no run queue; context tracking and task state share a struct.
 * @linux kernel/sched/core.c, kernel/rcu/tree.c rcu_user_enter() v3.17
 */
import { atomic_add_return, atomic_read, cmpxchg, set_mb, type Word, xchg } from '../../arch/sab/atomic.ts';
import { bss, memblock_alloc } from '../../arch/sab/bss.ts';
import { sched_clock } from '../../arch/sab/clock.ts';
import {
  in_atomic,
  irq_enter,
  irq_exit,
  num_possible_cpus,
  preempt_count,
  rcu_preempt_depth,
  set_rcu_preempt_depth,
  smp_processor_id,
} from '../../arch/sab/cpu.ts';
import { type Addr, load32, store32 } from '../../arch/sab/memory.ts';
import { FOREVER, park, unpark, idle as wait_for_turn } from '../../arch/sab/park.ts';
import { atomic_t, cacheline, point, s32, struct, u31, u32, type View } from '../../arch/sab/struct.ts';
import { TP } from '../../trace/events.ts';
import { trace } from '../../trace/flight_recorder.ts';
import { oops } from '../oops.ts';

export const TASK_RUNNING = 0;
export const TASK_INTERRUPTIBLE = 1;
export const TASK_UNINTERRUPTIBLE = 2;
/** Either kind of sleep. */
export const TASK_NORMAL = 3;

export const task_struct = struct('task_struct', {
  /** O: TASK_*; the word the task sleeps on */
  state: cacheline(u32),
  /** O: a signal is to be noticed by the next interruptible sleep */
  sigpending: u32,
  /** I */
  cpu: u32,
  /** P: address of the mm_struct that user addresses mean, 0 for a kernel thread */
  mm: u31,
  /** P: address of the fd table */
  files: u31,
  /** I: the stack for objects that live as long as a call */
  stack: u31,
  /** P: bytes in use */
  stack_used: u31,
  /** P: grace periods that this task has waited for in synchronize_rcu() */
  gp_waits: u32,
  /** A: see above */
  dynticks: cacheline(atomic_t),
  /** A: even outside of an access to a page that may move; see mm/uaccess.ts */
  uaccess: atomic_t,
  /** A: of a preemptible RCU: as dynticks, of read sections; bit 1 is set in one */
  rcu_reader: atomic_t,
  /** P, of the grace-period thread: what it watches, when the grace period began */
  dynticks_snap: s32,
});
export type task_struct = View<typeof task_struct>;

const sched_data = struct('sched_data', {
  /** I: the tasks, an array in order of CPUs */
  tasks: u31,
});
const sched = bss('sched', sched_data);

/** Whether this CPU is in the kernel, as RCU sees it. */
export const in_kernel = (): boolean => (load32(current.dynticks) & IN_KERNEL) !== 0;

export const STACK_BYTES = 4096;
const IN_KERNEL = 2;
const GP_WAITS = 1;

/** The task of this CPU. */
export const current: task_struct = task_struct.unplaced();

/** Makes the tasks. @context boot */
export function sched_init(): void {
  const cpus = num_possible_cpus();
  sched.it.tasks = memblock_alloc(task_struct.sizeof * cpus, 64);
  const stacks = memblock_alloc(STACK_BYTES * cpus, 64);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const task = cpu_task(cpu);
    task.cpu = cpu;
    task.stack = stacks + STACK_BYTES * cpu;
  }
  sched_attach();
}

/** Finds this CPU's task. */
export function sched_attach(): void {
  point(current, cpu_task(smp_processor_id()).addr);
}

export const cpu_task = (cpu: number): task_struct => task_struct.at(sched.it.tasks + task_struct.sizeof * cpu);

/** From user mode or idle into the kernel. RCU may not end a grace period over what follows. */
export function kernel_enter(): void {
  atomic_add_return(2, current.dynticks);
}

/** Back to user mode or idle: a quiescent state. @context no lock held */
export function kernel_exit(): void {
  if (in_atomic()) {
    oops({ kind: 'lockdep:held-at-exit', title: 'leaving the kernel with a lock held or interrupts off' });
  }
  rcu_note_quiescent();
}

/**
 * Takes an interrupt: calls the device's handler, whatever this CPU is at. To RCU a CPU that was quiescent is in the
 * kernel meanwhile.
 *
 * @context interrupts on; the handler runs with interrupts off and must not sleep
 * @linux arch/x86/kernel/irq.c do_IRQ(), kernel/softirq.c irq_enter() v3.17
 */
export function do_IRQ(handler: () => void): void {
  irq_enter();
  const quiescent = !in_kernel();
  if (quiescent) kernel_enter();
  trace(TP.do_IRQ);
  handler();
  if (quiescent) rcu_note_quiescent();
  irq_exit();
}

/** Whether what this CPU is at may be preempted, and RCU would see a difference. */
export const may_preempt_reader = (): boolean => rcu_preempt_depth() !== 0 && preempt_count() === 0;

/**
 * Others run on this CPU for a while, in user mode: to RCU-sched it is quiescent. The read section goes on afterwards.
 * NOT LINUX: the others do nothing.
 * @context interrupts on, preemption on, in the kernel
 * @linux kernel/sched/core.c preempt_schedule_irq() v3.17
 */
export function preempt_schedule_irq(ns: number): void {
  trace(TP.preempted);
  rcu_note_quiescent();
  wait_for_turn(ns);
  kernel_enter();
}

function rcu_note_quiescent(): void {
  if ((atomic_add_return(2, current.dynticks) & GP_WAITS) !== 0) rcu_wake_gp(current.dynticks);
}

function rcu_wake_gp(word: task_struct['dynticks']): void {
  for (let seen = atomic_read(word); ; ) {
    const found = cmpxchg(word, seen, seen & ~GP_WAITS);
    if (found === seen) break;
    seen = found;
  }
  unpark(word, 1);
}

/** Enters a read section of a preemptible RCU, which may be interrupted anywhere. @linux __rcu_read_lock() */
export function enter_rcu_reader(): void {
  const depth = rcu_preempt_depth();
  if (depth === 0) atomic_add_return(2, current.rcu_reader);
  set_rcu_preempt_depth(depth + 1);
}

/** @linux __rcu_read_unlock() */
export function leave_rcu_reader(): void {
  const depth = rcu_preempt_depth();
  const word = current.rcu_reader;
  if (depth === 1 && (atomic_add_return(2, word) & GP_WAITS) !== 0) rcu_wake_gp(word);
  set_rcu_preempt_depth(depth - 1);
}

/** Whether a CPU is in a read section of a preemptible RCU; from outside. */
export const is_rcu_reader = (cpu: number): boolean => (atomic_read(cpu_task(cpu).rcu_reader) & IN_KERNEL) !== 0;

const watched = (task: task_struct, readers: boolean) => (readers ? task.rcu_reader : task.dynticks);

/**
 * Begins to watch the CPU for a quiescent state. For the grace-period thread only.
 * @param readers - whether to be in no read section is one, wherever the CPU is
 */
export function dyntick_save_progress_counter(cpu: number, readers: boolean): void {
  const task = cpu_task(cpu);
  task.dynticks_snap = atomic_read(watched(task, readers)) & ~GP_WAITS;
}

/**
 * Waits until the CPU has been quiescent since dyntick_save_progress_counter().
 * @context may sleep, but does not count as quiescent itself
 */
export function wait_for_quiescent_cpu(cpu: number, readers: boolean): void {
  const task = cpu_task(cpu);
  const word = watched(task, readers);
  const start = task.dynticks_snap;
  if ((start & IN_KERNEL) === 0) return;
  for (;;) {
    const seen = cmpxchg(word, start, start | GP_WAITS);
    if ((seen & ~GP_WAITS) !== start) return;
    park(word, start | GP_WAITS);
  }
}

/** Says what this task is about to do; a full barrier, so that the condition is tested after it. */
export function set_current_state(state: number): void {
  set_mb(current.$state, state);
}

export function __set_current_state(state: number): void {
  current.state = state;
}

/** A place where sleeping would be wrong with a spinlock held, whether it sleeps or not. */
export function might_sleep(): void {
  if (in_atomic()) {
    oops({ kind: 'lockdep:sleep-in-atomic', title: 'BUG: sleeping function called from invalid context' });
  }
}

/**
 * What is called instead of sleeping, on a machine whose only running CPU is this one: nobody else would serve RCU
 * callbacks and work, so whoever would sleep does it first. Null on every other machine.
 *
 * It runs in the sleeper's context. If it sleeps itself, it leaves the task runnable, which is a spurious wake-up to
 * the outer sleeper; a wake-up of the outer sleeper is never lost.
 *
 * @returns whether there was anything to do
 */
let idle_hook: (() => boolean) | null = null;
export function set_idle_hook(f: typeof idle_hook): void {
  idle_hook = f;
}

/** Sleeps while the word is `value`; may return early. @context quiescent */
function idle(word: Addr<Word> | number, value: number, timeout_ns: number): void {
  if (idle_hook !== null) {
    kernel_enter();
    const busy = idle_hook();
    rcu_note_quiescent();
    if (busy) return;
    if (timeout_ns === FOREVER) oops({ kind: 'hang', title: 'the only CPU would sleep for ever' });
  }
  park(word, value, timeout_ns);
}

/**
 * Sleeps until somebody makes this task runnable, or the time is up.
 *
 * @returns the time that was left, ns; 0 if it ran out
 * @context may sleep; a quiescent state
 */
export function schedule_timeout(timeout_ns: number): number {
  might_sleep();
  const word = current.$state;
  // A signal that came before the state was set found nobody to wake. @linux signal_pending_state()
  if ((atomic_read(word) & TASK_INTERRUPTIBLE) !== 0 && atomic_read(current.$sigpending) !== 0) {
    xchg(word, TASK_RUNNING);
  }
  if (atomic_read(word) === TASK_RUNNING) return timeout_ns;
  const deadline = timeout_ns === FOREVER ? FOREVER : sched_clock() + timeout_ns;
  rcu_note_quiescent();
  let left = timeout_ns;
  for (;;) {
    const state = atomic_read(word);
    if (state === TASK_RUNNING) break;
    if (left <= 0) {
      xchg(word, TASK_RUNNING);
      left = 0;
      break;
    }
    idle(word, state, left);
    if (deadline !== FOREVER) left = Math.max(0, deadline - sched_clock());
  }
  kernel_enter();
  return left;
}

export function schedule(): void {
  schedule_timeout(FOREVER);
}

/** Sleeps while the word is `value`, as part of taking a sleeping lock. @context may sleep; a quiescent state */
export function sleep_on_word(word: number, value: number): void {
  might_sleep();
  rcu_note_quiescent();
  idle(word, value, FOREVER);
  kernel_enter();
}

/** Makes a task runnable if it sleeps in one of `states`. A full barrier. @returns whether it slept */
export function try_to_wake_up(task: number, states: number): boolean {
  const word = (task + task_struct.offsetof.state) as Addr<Word>;
  for (let seen = atomic_read(word); (seen & states) !== 0; ) {
    const found = cmpxchg(word, seen, TASK_RUNNING);
    if (found === seen) {
      unpark(word, 1);
      return true;
    }
    seen = found;
  }
  return false;
}

export const wake_up_process = (task: task_struct): boolean => try_to_wake_up(task.addr, TASK_NORMAL);

export const signal_pending = (task: task_struct): boolean => task.sigpending !== 0;

/** Sends the task of a CPU a signal: its next or present interruptible sleep ends. Any thread, the operator's too. */
export function send_signal(cpu: number): void {
  const task = cpu_task(cpu);
  xchg(task.$sigpending, 1);
  try_to_wake_up(task.addr, TASK_INTERRUPTIBLE);
}

/** Sleeps for a time. @context may sleep */
export function msleep(ns: number): void {
  set_current_state(TASK_UNINTERRUPTIBLE);
  schedule_timeout(ns);
}

/** Called with the bytes that a function frees of its stack; set by KASAN. */
type StackProbe = (addr: number, bytes: number) => void;
class StackProbes {
  alloc: StackProbe | null = null;
  free: StackProbe | null = null;
}
const on_stack = new StackProbes();
export function setStackProbe(alloc: StackProbe | null, free: StackProbe | null): void {
  if (on_stack.alloc !== alloc) on_stack.alloc = alloc;
  if (on_stack.free !== free) on_stack.free = free;
}

/**
 * Memory for an object that lives as long as the calling function, which must free it by stack_free() in
 * reverse order. Not zeroed.
 *
 * @returns an address, cache line aligned
 */
export function stack_alloc(bytes: number): number {
  const size = (bytes + 63) & -64;
  const used = current.stack_used;
  if (used + size > STACK_BYTES) oops({ kind: 'bug', title: 'kernel stack overflow' });
  current.stack_used = used + size;
  const at = (current.stack + used) | 0;
  if (on_stack.alloc !== null) on_stack.alloc(at, size);
  return at;
}

export function stack_free(bytes: number): void {
  const size = (bytes + 63) & -64;
  current.stack_used -= size;
  if (on_stack.free !== null) on_stack.free(current.stack + current.stack_used, size);
}

/** What the task sleeps in, for the operator: 0 if it runs. */
export const task_state = (cpu: number): number => load32(cpu_task(cpu).$state);
/** Whether a CPU is in the kernel, as RCU sees it; from outside. */
export const task_in_kernel = (cpu: number): boolean => (task_dynticks(cpu) & IN_KERNEL) !== 0;
/** Counts the CPU's ways into the kernel and out of it; from outside. */
export const task_dynticks = (cpu: number): number => load32(cpu_task(cpu).dynticks) & ~GP_WAITS;

/** Forgets a signal, as returning to user mode does. */
export function clear_signal(): void {
  store32(current.$sigpending, 0);
}

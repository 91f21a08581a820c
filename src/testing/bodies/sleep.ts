// SPDX-License-Identifier: GPL-2.0-only
/**
 * Sleeping: a token goes round the CPUs, and each sleeps until it is its turn. A wake-up that is lost stops them all,
 * which the watchdog notices, or, in the broken form, a timeout that finds the condition true.
 */
import { atomic_read, smp_store_release, xchg } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { load32 } from '../../arch/sab/memory.ts';
import { FOREVER, park, unpark } from '../../arch/sab/park.ts';
import { atomic_t, cacheline, embed, struct } from '../../arch/sab/struct.ts';
import {
  clear_signal,
  current,
  schedule,
  schedule_timeout,
  send_signal,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
} from '../../kernel/sched/core.ts';
import {
  DEFINE_WAIT,
  FREE_WAIT,
  finish_wait,
  init_waitqueue_head,
  prepare_to_wait,
  prepare_to_wait_event,
  wait_queue_head_t,
  waitqueue_active,
  wake_up,
} from '../../kernel/sched/wait.ts';
import type { Body, Env } from '../body.ts';

const data = bss(
  'torture_sleep',
  struct('torture_sleep', {
    /** whose turn it is */
    token: cacheline(atomic_t),
    /** signals taken */
    taken: cacheline(atomic_t),
    queue: cacheline(embed(wait_queue_head_t)),
  }),
);
const NSEC_PER_MSEC = 1_000_000;

const setup = (): void => init_waitqueue_head(data.it.queue, 'test_lock_a');
const mine = (env: Env): boolean => atomic_read(data.it.token) === env.cpu;
const passOn = (env: Env): void => smp_store_release(data.it.token, (env.cpu + 1) % env.threads);

/** Sleeps until it is this CPU's turn. */
function waitForToken(env: Env): void {
  const wait = DEFINE_WAIT();
  for (;;) {
    prepare_to_wait(data.it.queue, wait, TASK_UNINTERRUPTIBLE);
    if (mine(env)) break;
    schedule();
  }
  finish_wait(data.it.queue, wait);
  FREE_WAIT();
}

/** BUGGY: tests, and only then says that it is going to sleep. @returns wake-ups that were lost */
function waitForTokenBusted(env: Env): number {
  const wait = DEFINE_WAIT();
  let lost = 0;
  while (!mine(env)) {
    prepare_to_wait(data.it.queue, wait, TASK_UNINTERRUPTIBLE);
    if (schedule_timeout(20 * NSEC_PER_MSEC) === 0 && mine(env)) lost++;
  }
  finish_wait(data.it.queue, wait);
  FREE_WAIT();
  return lost;
}

/** Variants: `wake_up`; `waitqueue_active`, which looks before it wakes; `test_before_prepare`, which is broken. */
const wait_queue_ring: Body = {
  setup,
  run: (env) => {
    let errors = 0;
    for (let round = 0; round < env.iterations; round++) {
      if (env.variant === 'test_before_prepare') errors += waitForTokenBusted(env);
      else waitForToken(env);
      passOn(env); // a full barrier before the look at the queue
      if (env.variant !== 'waitqueue_active' || waitqueue_active(data.it.queue)) wake_up(data.it.queue);
    }
    return { errors };
  },
};

/** The same on the bare word. Variants: `forever`, and `timeouts`, where sleepers come back on their own, too. */
const park_ring: Body = {
  run: (env) => {
    const { token } = data.it;
    for (let round = 0; round < env.iterations; round++) {
      for (let seen = load32(token); !mine(env); seen = load32(token)) {
        if (seen === env.cpu) break;
        park(token, seen, env.variant === 'forever' ? FOREVER : env.prng.below(NSEC_PER_MSEC));
      }
      passOn(env);
      unpark(token, FOREVER);
    }
    return {};
  },
};

/** CPU 1 sleeps for signals, CPU 0 sends them: each is noticed, wherever on its way to sleep the sleeper is. */
const signals: Body = {
  setup,
  run: (env) => {
    for (let n = 0; n < env.iterations; n++) {
      if (env.cpu === 0) {
        for (let spins = env.prng.below(300); spins > 0; spins--) load32(data.it.token);
        send_signal(1);
        while (atomic_read(data.it.taken) === n) park(data.it.taken, n);
        continue;
      }
      const wait = DEFINE_WAIT();
      while (prepare_to_wait_event(data.it.queue, wait, TASK_INTERRUPTIBLE) === 0) schedule();
      finish_wait(data.it.queue, wait);
      FREE_WAIT();
      clear_signal();
      xchg(data.it.taken, n + 1);
      unpark(data.it.taken, 1);
    }
    return { errors: current.sigpending };
  },
};

/** Nobody ever wakes them: what the watchdog is for. */
const stuck: Body = {
  run: () => {
    park(data.it.taken, 0);
    return {};
  },
};

export const sleepBodies = { wait_queue_ring, park_ring, signals, stuck } as const satisfies Record<string, Body>;

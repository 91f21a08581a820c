// SPDX-License-Identifier: GPL-2.0-only
/** Completions: on a waiter's stack, which is gone as soon as it has returned; and one with many on either side. */
import { atomic_read, smp_store_release, xchg } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { park, unpark } from '../../arch/sab/park.ts';
import { cacheline, embed, struct, words } from '../../arch/sab/struct.ts';
import {
  complete,
  completion,
  completion_onstack,
  free_completion_onstack,
  init_completion,
  wait_for_completion,
} from '../../kernel/sched/completion.ts';
import type { Body, Env } from '../body.ts';

const CPUS_MAX = 16;
const data = bss(
  'torture_completion',
  struct('torture_completion', {
    shared: cacheline(embed(completion)),
    /** by pair of CPUs: the completion that is waited for, 0 if none is */
    offers: cacheline(words(CPUS_MAX)),
  }),
);

/** Even CPUs wait for their odd neighbours. */
const completion_on_stack: Body = {
  run: (env) => {
    const offer = (data.it.offers + 4 * (env.cpu >>> 1)) as Addr<number>;
    for (let n = 0; n < env.iterations; n++) {
      if (env.cpu % 2 === 0) {
        const x = completion_onstack();
        smp_store_release(offer, x.addr);
        unpark(offer, 1);
        wait_for_completion(x);
        free_completion_onstack();
      } else {
        while (atomic_read(offer) === 0) park(offer, 0);
        complete(completion.at(xchg(offer, 0)));
      }
    }
    return {};
  },
};

const LOOKS_MAX = 500;
const isWaiter = (env: Env): boolean => env.cpu % 2 === 0;

/** As many waits as signals, by many CPUs each: all return, and nothing is left. */
const completion_shared: Body = {
  setup: () => init_completion(completion.at(data.it.shared)),
  run: (env) => {
    const x = completion.at(data.it.shared);
    let errors = 0;
    for (let n = 0; n < env.iterations; n++) {
      if (isWaiter(env)) {
        wait_for_completion(x);
        // It is unsigned: one wait too many shows as a number out of all proportion.
        if (x.done > env.threads * env.iterations) errors++;
        continue;
      }
      // One signal at a time, mostly, for waiters to be many and signals few.
      for (let looks = 0; x.done !== 0 && looks < LOOKS_MAX; looks++);
      complete(x);
    }
    return { errors };
  },
  finish: () => ({ errors: completion.at(data.it.shared).done }),
};

export const completionBodies = { completion_on_stack, completion_shared } as const satisfies Record<string, Body>;

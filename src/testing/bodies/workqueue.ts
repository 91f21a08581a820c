// SPDX-License-Identifier: GPL-2.0-only
/** Workqueue: every schedule_work() that says yes makes its function run once, on either of two kworkers. */
import { atomic_inc, atomic_read } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { fn } from '../../arch/sab/functable.ts';
import type { Addr } from '../../arch/sab/memory.ts';
import { atomic_t, cacheline, container_of, embed, struct, words } from '../../arch/sab/struct.ts';
import { flush_workqueue, INIT_WORK, schedule_work, work_struct } from '../../kernel/workqueue.ts';
import { kfree, kzalloc, liveObjects } from '../../mm/slab.ts';
import type { Body } from '../body.ts';

const item = struct('torture_work', { work: embed(work_struct), queued: atomic_t, runs: atomic_t });
const ITEMS = 8;
const data = bss(
  'torture_workqueue',
  struct('torture_workqueue', {
    items: cacheline(words((item.sizeof * ITEMS) / 4)),
    once_queued: atomic_t,
    once_runs: atomic_t,
  }),
);
const itemAt = (i: number) => item.at(data.it.items + item.sizeof * i);

const count_run = fn('torture_count_run', (work: Addr<work_struct>) => {
  atomic_inc(container_of(work, item, 'work').runs);
});

/** The function may free its work. */
const free_self = fn('torture_free_self', (work: Addr<work_struct>) => {
  kfree(work);
  atomic_inc(data.it.once_runs);
});

let live = 0;
const liveCount = (): number => [...liveObjects().values()].reduce((a, b) => a + b, 0);

export const workqueue: Body = {
  daemons: ['kworker', 'kworker'],
  setup: () => {
    for (let i = 0; i < ITEMS; i++) INIT_WORK(itemAt(i).work, count_run);
    live = liveCount();
  },
  run: (env) => {
    for (let n = 0; n < env.iterations; n++) {
      const it = itemAt(env.prng.below(ITEMS));
      if (schedule_work(it.work)) atomic_inc(it.queued);
      if (!env.prng.oneIn(8)) continue;
      const work = kzalloc(work_struct.sizeof) as Addr<work_struct>;
      INIT_WORK(work, free_self);
      if (schedule_work(work)) atomic_inc(data.it.once_queued);
    }
    return {};
  },
  finish: () => {
    flush_workqueue();
    let errors = Math.abs(atomic_read(data.it.once_queued) - atomic_read(data.it.once_runs));
    let runs = 0;
    for (let i = 0; i < ITEMS; i++) {
      errors += Math.abs(atomic_read(itemAt(i).queued) - atomic_read(itemAt(i).runs));
      runs += atomic_read(itemAt(i).runs);
    }
    return { errors: errors + Math.abs(liveCount() - live), runs };
  },
};

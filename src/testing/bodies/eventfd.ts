// SPDX-License-Identifier: GPL-2.0-only
/** eventfd: CPU 0 reads what the others add; nothing is lost, nothing is read twice. */
import { atomic_inc, atomic_read } from '../../arch/sab/atomic.ts';
import { bss } from '../../arch/sab/bss.ts';
import { atomic_t, struct, u32 } from '../../arch/sab/struct.ts';
import { eventfd_ctx, eventfd_file_create, eventfd_read, eventfd_signal } from '../../fs/eventfd.ts';
import { file, fput } from '../../fs/file.ts';
import { rcu_barrier } from '../../kernel/rcu/tree.ts';
import { liveObjects } from '../../mm/slab.ts';
import type { Body } from '../body.ts';

const data = bss('torture_eventfd', struct('torture_eventfd', { filp: u32, finished: atomic_t }));

export const eventfd: Body = {
  daemons: ['rcu'],
  setup: () => {
    data.it.filp = (eventfd_file_create(0) as file).addr;
  },
  run: (env) => {
    const filp = file.at(data.it.filp);
    let sum = 0;
    if (env.cpu !== 0) {
      const ctx = eventfd_ctx.at(filp.private_data);
      for (let n = 0; n < env.iterations; n++) {
        const add = env.prng.between(1, 3);
        eventfd_signal(ctx, add);
        sum += add;
      }
      atomic_inc(data.it.finished);
      return { difference: sum };
    }
    for (let last = false; ; ) {
      env.goOn();
      const n = eventfd_read(filp);
      if (n > 0) sum += n;
      else if (last) return { difference: -sum };
      last = atomic_read(data.it.finished) === env.threads - 1;
    }
  },
  finish: () => {
    fput(file.at(data.it.filp));
    rcu_barrier();
    return { errors: (liveObjects().get('eventfd_ctx') ?? 0) + (liveObjects().get('filp') ?? 0) };
  },
};

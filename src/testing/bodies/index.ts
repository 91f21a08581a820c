// SPDX-License-Identifier: GPL-2.0-only
/** Every torture body, by name. Both sides load it: a thread that boots must know the static data of all the others. */
import type { Body } from '../body.ts';
import { alloc } from './alloc.ts';
import { completionBodies } from './completion.ts';
import { contentionBodies } from './contention.ts';
import { eventfd } from './eventfd.ts';
import { lockBodies } from './locks.ts';
import { migration } from './migrate.ts';
import { percpu_ref_kill_race } from './percpu_ref.ts';
import { rcu } from './rcu.ts';
import { sleepBodies } from './sleep.ts';
import { workqueue } from './workqueue.ts';

export const bodies: Readonly<Record<string, Body>> = {
  ...lockBodies,
  ...sleepBodies,
  ...completionBodies,
  ...contentionBodies,
  alloc,
  eventfd,
  migration,
  percpu_ref_kill_race,
  rcu,
  workqueue,
};

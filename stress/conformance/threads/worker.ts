// SPDX-License-Identifier: GPL-2.0-only
/** A thread of piscina's pool: plays its role until the program ends. */
import { wordAdd } from '../../../src/arch/sab/words.ts';
import { Native } from '../kernel/native.ts';
import { NativeUser } from './native_user.ts';
import { BEGUN, type ThreadPlan, type ThreadReport } from './plan.ts';
import { STEPS } from './programs.ts';

export default async function play(plan: ThreadPlan): Promise<ThreadReport> {
  const user = new NativeUser(await Native.load(), plan);
  const step = STEPS[plan.role];
  wordAdd(plan.control, BEGUN, 1);
  while (user.running()) step(user);
  return user.report();
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether a machine stands still for good, as an onlooker sees it who runs beside its CPUs.
 *
 * A CPU says where it sleeps before it does, so that one that says so may also be on its way there, or on its way back:
 * woken, and without time on a core. Neither is asleep:
 *
 *   on its way there, and the word has changed: it will find that out, and go on
 *   on its way there, and the word is as expected: it will sleep
 *   on its way back: WAKING counts it
 */
import { PAGE_OFFSET } from './access.ts';
import { anyWaking, expectedBy, isOut, parkedOn, sayQuiet, sleepsOf, sleepsUntimed, stirrings } from './control.ts';
import { i32 } from './memory.ts';

/** Whether the CPU has announced a sleep on a word which has changed since: nobody can see whether it sleeps. */
export function isInDoubt(cpu: number): boolean {
  const addr = parkedOn(cpu);
  return addr !== 0 && i32[(addr - PAGE_OFFSET) >>> 2] !== expectedBy(cpu);
}

/** Whether the CPU may get on without any other's help: it is awake, or wakes by itself. */
export const mayGoOn = (cpu: number): boolean => !isOut(cpu) && (!sleepsUntimed(cpu) || isInDoubt(cpu));

/** @returns how often the CPUs but `except` have gone to sleep; -1 if one of them may go on */
function sleepsOfAll(cpus: number, except: number): number {
  let sleeps = 0;
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (cpu === except || isOut(cpu)) continue;
    if (mayGoOn(cpu)) return -1;
    sleeps += sleepsOf(cpu);
  }
  return sleeps;
}

/**
 * Whether each CPU but `except` waits for the operator, or for a wake-up that nobody is left to send.
 *
 * The two looks make it certain: who has not gone to sleep in between has slept all the time, so that between them
 * nobody ran, and nobody sent the wake-up that would be on its way.
 */
export function isStill(cpus: number, except = -1): boolean {
  const before = sleepsOfAll(cpus, except);
  return before >= 0 && !anyWaking() && sleepsOfAll(cpus, except) === before;
}

/** Lets CPU `except` know if all others stand still. */
export function sayIfQuiet(cpus: number, except: number): void {
  const stirred = stirrings();
  if (isStill(cpus, except)) sayQuiet(stirred);
}

// SPDX-License-Identifier: GPL-2.0-only
/** A round as a thread goes through it: phases that the operator begins, and at whose end it counts who has come. */
import { ARRIVED, controlPanel, DEAD, PHASE, setAwaited, setThread } from '../src/arch/sab/control.ts';
import { ownThread } from '../src/arch/sab/thread.ts';
import { wordAdd, wordLoad, wordNotify, wordWait } from '../src/arch/sab/words.ts';
import type { DetCpu } from '../src/det/det_cpu.ts';
import { openContexts } from './contexts.ts';
import { PHASE_ABORTED, PHASE_RUN, PHASE_SHUTDOWN, PHASE_STOP } from './protocol.ts';
import type { User } from './user.ts';

const THREAD = ownThread();

/** Longest sleep between two looks at the phase, ms; a look is all that a missed notify can cost. */
export const LOOK_MS = 200;

/** Where one CPU runs at a time. */
type Turns = Pick<DetCpu, 'isActive' | 'awaitPhase'>;

/** Waits until the phase is `phase` or a later one. @returns the phase */
function waitPhase(cpu: number, phase: number, det: Turns | null): number {
  const control = controlPanel();
  setAwaited(cpu, phase);
  for (;;) {
    const now = wordLoad(control, PHASE);
    if (now >= phase) {
      setAwaited(cpu, 0);
      return now;
    }
    if (det?.isActive) det.awaitPhase(phase);
    else wordWait(control, PHASE, now, LOOK_MS);
  }
}

export function arrive(): void {
  wordAdd(controlPanel(), ARRIVED, 1);
  wordNotify(controlPanel(), ARRIVED);
}

/** Arrives with the number of its thread. */
export function arriveFirst(cpu: number): void {
  setThread(cpu, THREAD);
  arrive();
}

/** Runs a step. @returns whether it went through; if not, the CPU is out of the round */
type Guard = (step: () => void) => boolean;

type LeaderSteps = readonly (readonly [phase: number, step: () => void])[];

/**
 * Plays a round, from PHASE_RUN to PHASE_SHUTDOWN.
 * @param leaderSteps - what the leader does when all have stopped; null for a thread that is not user space's
 * @param det - null where threads run as they like
 */
export function playRound(
  user: User,
  play: () => void,
  leaderSteps: LeaderSteps | null,
  guard: Guard,
  det: Turns | null,
): void {
  const { cpu, plan } = user;
  let well = waitPhase(cpu, PHASE_RUN, det) < PHASE_ABORTED;
  if (well && cpu === plan.leader) well = guard(() => openContexts(user));
  if (well) well = guard(play);
  if (!well) wordAdd(controlPanel(), DEAD, 1);
  if (leaderSteps !== null) {
    waitPhase(cpu, PHASE_STOP, det);
    arrive();
    for (const [phase, step] of well && cpu === plan.leader ? leaderSteps : []) {
      if (waitPhase(cpu, phase, det) >= PHASE_ABORTED) break;
      if (!guard(step)) {
        wordAdd(controlPanel(), DEAD, 1);
        break;
      }
      arrive();
    }
  }
  waitPhase(cpu, PHASE_SHUTDOWN, det);
}

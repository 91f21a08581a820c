// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every schedule within a bound on preemptions, each once; or, of those that come to the same state, one.
 *
 * A schedule is a list of deviations from the default one. A run says at which steps there was a choice, in order;
 * behind the last deviation of its own, each alternative at each of them is a schedule that has one deviation more.
 * Every schedule but the default one has exactly one last deviation, and so exactly one that it comes from.
 *
 * Most bugs need few preemptions, and there are far fewer schedules that have few. There are fewer still if two things
 * are left out, neither of which can show anything new:
 *
 *   a state that has been there   whatever follows from it has been, or will be, run from where it was first, if it
 *                                 was reached with as many preemptions to spare
 *   a preemption a step later     where the steps in between touch nothing that the others touch until the CPU goes
 *                                 on, in any schedule that begins so, the earlier preemption comes to the same state
 *
 * With each step more of the machine has been seen by its CPUs, so that no state comes back, and what is left out for
 * the sake of a later state is never left out for the sake of an earlier one.
 *
 * @see M. Musuvathi, S. Qadeer, Iterative Context Bounding for Systematic Testing, PLDI 2007
 * @see M. Musuvathi, S. Qadeer, Partial-Order Reduction for Context-Bounded State Exploration, MSR-TR-2007-12
 * @see K. Coons, M. Musuvathi, K. McKinley, Bounded Partial-Order Reduction, OOPSLA 2013: why what is usual without a
 *   bound is not sound with one
 */
import type { Bound } from '../../options/engine.ts';
import type { Decision, WatchedChoice } from '../schedule/words.ts';
import { type StepLog, Stretch } from './independence.ts';

/** What a run of a script came to. */
export interface Ran {
  /** The steps at which there was a choice, in order. */
  readonly choices: readonly WatchedChoice[];
  /** Valid until the next run. */
  readonly log: StepLog;
}

/** Runs a script. @returns null to end the search */
export type RunScript = (script: readonly Decision[]) => Promise<Ran | null>;

export interface Searched {
  readonly schedules: number;
  /** Whether there is no further one within the bound. */
  readonly complete: boolean;
}

interface Child {
  readonly script: readonly Decision[];
  readonly cost: number;
}

/** A schedule that was run, and where the next one leaves it. */
interface Frame extends Child {
  /** Those behind the script's last deviation, up to a state that has been there. */
  readonly choices: readonly WatchedChoice[];
  /** Up to the last of them. */
  readonly log: StepLog;
  /** Of them, and of the alternatives there. */
  choice: number;
  alternative: number;
  /** What follows a preemption, by who comes, as long as one at the present choice would come to the same. */
  readonly stretches: Map<number, Stretch>;
  /** Of the preemption whose schedules are being run. */
  current: Stretch | null;
}

class Exhaustion {
  private readonly bound: Bound;
  private readonly reduced: boolean;
  private readonly stack: Frame[] = [];
  /** With how many preemptions to spare a state was reached, at most. */
  private readonly states = new Map<number, number>();

  constructor(bound: Bound, reduced: boolean) {
    this.bound = bound;
    this.reduced = reduced;
  }

  /** Takes what a child of the last frame came to. */
  add(child: Child, { choices, log }: Ran): void {
    const last = child.script.at(-1);
    const at =
      last === undefined ? -1 : choices.findLastIndex(({ cpu, step }) => cpu === last.cpu && step === last.step);
    // What cannot be taken leads nowhere that the script without it does not.
    const behind = last !== undefined && at < 0 ? [] : choices.slice(at + 1);
    const fresh = this.reduced ? this.untilKnown(behind, this.bound.most - child.cost) : behind;
    const cut =
      fresh.length < behind.length ? (behind[fresh.length] as WatchedChoice).logged : Number.POSITIVE_INFINITY;
    const left = at < 0 ? 0 : (choices[at] as WatchedChoice).logged;
    for (const { current } of this.stack) current?.add(log, left, cut);
    this.stack.push({
      ...child,
      choices: fresh,
      log: this.reduced ? log.slice(0, 2 * ((fresh.at(-1)?.logged ?? 0) + 1)) : log,
      choice: 0,
      alternative: 0,
      stretches: new Map(),
      current: null,
    });
  }

  /** The choices before the first state that has been there with as many preemptions to spare. */
  private untilKnown(choices: readonly WatchedChoice[], spare: number): readonly WatchedChoice[] {
    const end = choices.findIndex(({ state }) => {
      if ((this.states.get(state) ?? -1) >= spare) return true;
      this.states.set(state, spare);
      return false;
    });
    return end < 0 ? choices : choices.slice(0, end);
  }

  /** The next schedule, within the bound. @returns null if there is none */
  next(): Child | null {
    for (let frame = this.stack.at(-1); frame !== undefined; frame = this.stack.at(-1)) {
      const child = this.childOf(frame);
      if (child !== null) return child;
      this.stack.pop();
    }
    return null;
  }

  private childOf(frame: Frame): Child | null {
    for (; frame.choice < frame.choices.length; this.advance(frame)) {
      const { cpu, step, byDefault, could, preemption, logged } = frame.choices[frame.choice] as WatchedChoice;
      const cost = frame.cost + (preemption || this.bound.of === 'deviation' ? 1 : 0);
      if (cost > this.bound.most) continue;
      while (frame.alternative < could.length) {
        const to = could[frame.alternative++] as number;
        if (to === byDefault || frame.stretches.has(to)) continue;
        frame.current = this.reduced && preemption ? new Stretch(cpu, logged) : null;
        if (frame.current !== null) frame.stretches.set(to, frame.current);
        return { script: [...frame.script, { cpu, step, to }], cost };
      }
    }
    return null;
  }

  /** On to the next choice. */
  private advance(frame: Frame): void {
    const { choices, stretches, log } = frame;
    const here = choices[frame.choice++] as WatchedChoice;
    const there = choices[frame.choice];
    frame.alternative = 0;
    frame.current = null;
    const goesOn = there?.preemption === true && here.preemption && there.cpu === here.cpu;
    for (const [to, stretch] of stretches) {
      const isLike = goesOn && there.could.includes(to) && stretch.isLikeAfter(log, here.logged + 1, there.logged);
      if (!isLike) stretches.delete(to);
    }
  }
}

/** Runs every schedule with at most `bound` preemptions. @param reduced - of those that come to one state, one */
export async function exhaust(run: RunScript, bound: Bound, reduced: boolean): Promise<Searched> {
  const search = new Exhaustion(bound, reduced);
  let schedules = 0;
  for (let child: Child | null = { script: [], cost: 0 }; child !== null; child = search.next()) {
    const ran = await run(child.script);
    if (ran === null) return { schedules, complete: false };
    schedules++;
    search.add(child, ran);
  }
  return { schedules, complete: true };
}

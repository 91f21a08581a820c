// SPDX-License-Identifier: GPL-2.0-only
/**
 * Every schedule within a bound on preemptions, each once.
 *
 * A schedule is a list of deviations from the default one. A run says at which steps there was a choice, in order;
 * behind the last deviation of its own, each alternative at each of them is a schedule that has one deviation more.
 * Every schedule but the default one has exactly one last deviation, and so exactly one that it comes from.
 *
 * Most bugs need few preemptions, and there are far fewer schedules that have few.
 *
 * @see M. Musuvathi, S. Qadeer, Iterative Context Bounding for Systematic Testing, PLDI 2007
 */
import type { Choice, Decision } from './schedule_words.ts';

/** Runs a script. @returns the steps at which there was a choice, in order; null to end the search */
export type RunScript = (script: readonly Decision[]) => Promise<readonly Choice[] | null>;

export interface Searched {
  readonly schedules: number;
  /** Whether there is no further one within the bound. */
  readonly complete: boolean;
}

/** A schedule that was run, and where the next one leaves it. */
interface Frame {
  readonly script: readonly Decision[];
  readonly preemptions: number;
  /** Those behind the script's last deviation. */
  readonly choices: readonly Choice[];
  /** Of them, and of the alternatives there. */
  choice: number;
  alternative: number;
}

/** Index behind a script's last deviation. */
function behind(script: readonly Decision[], choices: readonly Choice[]): number {
  const last = script.at(-1);
  if (last === undefined) return 0;
  const at = choices.findLastIndex(({ cpu, step }) => cpu === last.cpu && step === last.step);
  // What cannot be taken leads nowhere that the script without it does not.
  return at < 0 ? choices.length : at + 1;
}

/** The next schedule that leaves a frame's, within the bound. @returns null if there is none */
function nextChild(frame: Frame, bound: number): Pick<Frame, 'script' | 'preemptions'> | null {
  for (; frame.choice < frame.choices.length; frame.choice++, frame.alternative = 0) {
    const { cpu, step, byDefault, could, preemption } = frame.choices[frame.choice] as Choice;
    const preemptions = frame.preemptions + (preemption ? 1 : 0);
    if (preemptions > bound) continue;
    while (frame.alternative < could.length) {
      const to = could[frame.alternative++] as number;
      if (to !== byDefault) return { script: [...frame.script, { cpu, step, to }], preemptions };
    }
  }
  return null;
}

/** Runs every schedule with at most `bound` preemptions, each once. */
export async function exhaust(run: RunScript, bound: number): Promise<Searched> {
  const stack: Frame[] = [];
  let schedules = 0;
  let next: Pick<Frame, 'script' | 'preemptions'> | null = { script: [], preemptions: 0 };
  for (;;) {
    if (next === null) {
      stack.pop();
    } else {
      const choices = await run(next.script);
      if (choices === null) return { schedules, complete: false };
      schedules++;
      stack.push({ ...next, choices: choices.slice(behind(next.script, choices)), choice: 0, alternative: 0 });
    }
    const frame = stack.at(-1);
    if (frame === undefined) return { schedules, complete: true };
    next = nextChild(frame, bound);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * An exhaustive search of a scenario on a build: all schedules within a bound of none, then of one, and so on; of those
 * that come to the same state, one.
 *
 * Only a word that several CPUs touch is a point at which another may be chosen, and which words are is learned on the
 * way. A search that has learned of another word is therefore done again, until one has learned nothing.
 */
import { DetState, ENTRIES_MAX, LOG_MAX, SHARED } from '../../../src/det/state.ts';
import type { Bound } from '../../options/engine.ts';
import { isChecked } from '../../options/engine.ts';
import type { Case } from '../../round/case.ts';
import type { Pool } from '../../round/pool.ts';
import { count, plural } from '../../text/layout.ts';
import { type DetResult, runSchedule } from '../round.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { listedChoices, loggedSteps } from '../schedule/words.ts';
import { exhaust, type Searched } from './dfs.ts';
import { type ExploreOptions, Explorer, scheduleOf, specOf } from './explore.ts';
import { runTwice } from './self_check.ts';
import { type Counts, Tally } from './tally.ts';

/** Random schedules that teach what is shared before the search begins. */
const LESSONS = 16;

/** `all 3,420 schedules within 1 deviation explored` */
const exploredText = (schedules: number, { of, most }: Bound): string =>
  `${schedules === 1 ? 'the only schedule' : `all ${count(schedules)} schedules`} within ${plural(most, of)} explored`;

export class Search {
  private readonly pool: Pool;
  private readonly explored: Case;
  private readonly options: ExploreOptions;
  private readonly tally = new Tally();
  private readonly explorer: Explorer;
  /** Whether it was told to stop. */
  private isOver = false;
  /** Whether a schedule had more choices, or steps, than there is room to list. */
  private isTooLong = false;
  /** Why a schedule ended without a verdict: then not all of them have been looked at. */
  private inconclusive: string | null = null;

  constructor(pool: Pool, explored: Case, options: ExploreOptions) {
    this.pool = pool;
    this.explored = explored;
    this.options = options;
    this.explorer = new Explorer(pool, explored, { ...options, schedulers: ['random'] });
  }

  take(): Counts {
    return this.tally.take();
  }

  /**
   * Searches up to a bound, or until `goOn` says no. @returns how far it got, a sentence
   * @param goOn - is asked after each schedule, with its number, and what makes it one to keep
   */
  async run(
    bound: Bound,
    goOn: (number: number, result: DetResult, schedule: () => Schedule) => boolean,
    stop: AbortSignal,
  ): Promise<string> {
    await this.explorer.run(({ number }) => number < LESSONS, stop);
    let done = '';
    for (let most = 0; most <= bound.most && !this.isOver; ) {
      const within = { of: bound.of, most };
      const learnedBefore = this.learn();
      const { schedules, complete } = await this.within(within, goOn, stop);
      const hasLearned = this.learn() !== learnedBefore;
      if (complete && !hasLearned) {
        done = exploredText(schedules, within);
        most++;
      } else if (!complete || this.isOver) {
        const so = `${plural(schedules, 'schedule')} of those within ${plural(most, bound.of)} explored`;
        const why = this.isTooLong ? 'its schedules are too long to list all choices' : (this.inconclusive ?? '');
        return [done, so, why].filter((text) => text !== '').join('; ');
      }
    }
    return done;
  }

  private async within(
    bound: Bound,
    goOn: (number: number, result: DetResult, schedule: () => Schedule) => boolean,
    stop: AbortSignal,
  ): Promise<Searched> {
    const { pool, explored, options, tally } = this;
    return exhaust(
      async (script) => {
        const { det } = pool;
        if (this.isOver || stop.aborted || det === null) return null;
        const spec = specOf(
          explored,
          options,
          0,
          { scheduler: 'script', script, listChoices: true, watch: true },
          stop,
        );
        const twice = isChecked(tally.total.schedules + 1, options.selfCheck);
        const result = await (twice ? runTwice : runSchedule)(pool, spec);
        tally.add(result);
        this.inconclusive = result.inconclusive;
        this.isOver = !goOn(tally.total.schedules, result, () => scheduleOf(spec, result, options));
        if (this.inconclusive !== null) this.isOver = true;
        const { choices, logged } = new DetState(det).round;
        this.isTooLong = choices > ENTRIES_MAX || logged >= LOG_MAX;
        return this.isTooLong ? null : { choices: listedChoices(det), log: loggedSteps(det) };
      },
      bound,
      true,
    );
  }

  /** Takes over what has been seen of who shares what. @returns how many words are shared */
  private learn(): number {
    const { det } = this.pool;
    if (det === null) return 0;
    det.known.set(det.learned);
    return det.known.reduce((sum, byte) => sum + (byte === SHARED ? 1 : 0), 0);
  }
}

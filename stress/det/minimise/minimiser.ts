// SPDX-License-Identifier: GPL-2.0-only
/**
 * Cuts a schedule down to what its finding needs: fewer preemptions first, then fewer turns and threads.
 *
 * A decision that is left out leaves the default schedule in its place, so that any part of a schedule is one. After
 * each attempt the finding's signature is compared, and what is kept is what was really decided: a decision that had no
 * effect any more is gone by itself. A thread that is not needed becomes a kworker with nothing to do: the machine
 * keeps its size, and so each CPU the count of its own steps, by which decisions are named.
 *
 * The device keeps one completer: without one every build waits for ever.
 *
 * The same schedule gives the same answer, unless the budget is used up before there is one.
 */
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { DAEMONS, type Role } from '../../../workers/protocol.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Choice, Decision } from '../schedule/words.ts';
import { ddmin } from './ddmin.ts';
import { type Signature, sameSignature, signatureOf } from './signature.ts';
import { decisionsLike, decisionsNear, isAt, type Site, sitesOf } from './sites.ts';

export interface Budget {
  readonly ms: number;
  readonly schedules: number;
  /** Uses up what is left. */
  readonly stop?: AbortSignal;
}

/** What a schedule takes. */
export interface Size {
  readonly decisions: number;
  /** Decisions that take the CPU away from a thread that could have gone on. */
  readonly preemptions: number;
  /** Of each thread of user space. */
  readonly turns: number;
  /** Of user space and devices. */
  readonly threads: number;
}

export interface Minimised {
  /** With the hash of its steps. */
  readonly schedule: Schedule;
  readonly signature: Signature;
  readonly before: Size;
  readonly after: Size;
  /** Schedules that were run for it. */
  readonly schedules: number;
  /** Whether nothing was left to try when it ended. */
  readonly whole: boolean;
  /** Whether CONFIRMATIONS runs of the result were alike, to the last step. */
  readonly confirmed: boolean;
}

/** What a run of a schedule came to. */
export interface Outcome {
  readonly records: readonly OopsRecord[];
  readonly decisions: readonly Decision[];
  readonly hash: number;
}

/** What schedules run on. */
export interface Engine {
  readonly run: (schedule: Schedule) => Promise<Outcome>;
  /** The steps of a schedule at which there was a choice. */
  readonly choices: (schedule: Schedule) => Promise<readonly Choice[]>;
  /** Turns of each thread, by the workload; 0 for as many as there is time for. */
  readonly turns: (schedule: Schedule) => number;
}

const CONFIRMATIONS = 3;
/** Of the budget, what fewer preemptions may take; the rest is for fewer turns and threads. */
const PREEMPTIONS_SHARE = 0.85;
/** Points to which a decision may move, the nearest first. */
const REACH = 24;
/** Single decisions that are tried in place of a longer list, and pairs of them. */
const SINGLES_MAX = 500;
const PAIRS_MAX = 400;
/** Decisions, the last ones, near which others are tried: a finding is near its cause. */
const LAST = 8;
/** Turns that are tried where the workload has no number of them. */
const TURNS_TRIED = [1, 2, 4, 8, 16];

const preempts = (decision: Decision, choices: readonly Choice[]): boolean =>
  choices.find(isAt(decision))?.preemption ?? false;

/** What may come instead of a decision: for another CPU, or at another step of its own, the nearest first. */
function othersFor(decision: Decision, choices: readonly Choice[], mayPreempt: boolean): Decision[] {
  const { cpu, step, to } = decision;
  const here = choices.find(isAt(decision));
  const targets = (here?.could ?? []).filter((other) => other !== to && other !== here?.byDefault);
  const nearby = choices
    .filter((choice) => choice.cpu === cpu && choice.step !== step && choice.could.includes(to))
    .filter(({ preemption }) => mayPreempt || !preemption)
    .sort((a, b) => Math.abs(a.step - step) - Math.abs(b.step - step) || a.step - b.step)
    .slice(0, REACH);
  return [...targets.map((other) => ({ cpu, step, to: other })), ...nearby.map((at) => ({ cpu, step: at.step, to }))];
}

/** Ends what is being tried, however deep inside a search. */
class BudgetUsedUp extends Error {
  override readonly name = 'BudgetUsedUp';
}

class Minimiser {
  /** The smallest schedule so far. */
  private best: Schedule;
  private readonly engine: Engine;
  private readonly budget: Budget;
  private readonly signature: Signature;
  private readonly start = wall_clock();
  private readonly tried = new Map<string, Schedule | null>();
  private schedules = 0;
  private spent = false;
  private share = PREEMPTIONS_SHARE;

  constructor(engine: Engine, budget: Budget, signature: Signature, schedule: Schedule) {
    this.best = schedule;
    this.engine = engine;
    this.budget = budget;
    this.signature = signature;
  }

  private isOver(): boolean {
    const { budget, share, schedules, start } = this;
    const stopped = budget.stop?.aborted === true;
    return stopped || schedules >= budget.schedules * share || wall_clock() - start > budget.ms * 1e6 * share;
  }

  /**
   * @returns the schedule with the decisions that were made and its hash, null if it does not show the finding
   * @throws BudgetUsedUp
   */
  private async attempt(schedule: Schedule): Promise<Schedule | null> {
    const key = JSON.stringify([schedule.decisions, schedule.turns, schedule.roles]);
    const known = this.tried.get(key);
    if (known !== undefined) return known;
    if (this.isOver()) throw new BudgetUsedUp();
    this.schedules++;
    const { records, decisions, hash } = await this.engine.run(schedule);
    const shows = records.some((record) => sameSignature(signatureOf(record), this.signature));
    const result = shows ? { ...schedule, decisions, hash } : null;
    this.tried.set(key, result);
    return result;
  }

  private choices(schedule: Schedule): Promise<readonly Choice[]> {
    this.schedules++;
    return this.engine.choices(schedule);
  }

  /** Leaves out decisions. */
  private async fewerDecisions(): Promise<void> {
    await ddmin(this.best.decisions, async (decisions) => {
      const shown = await this.attempt({ ...this.best, decisions });
      if (shown === null) return null;
      if (shown.decisions.length < this.best.decisions.length) this.best = shown;
      return shown.decisions;
    });
  }

  /** Leaves out one decision where another one can do its work: for another thread, or at a step nearby. */
  private async oneMoved(from: Schedule): Promise<Schedule | null> {
    if (from.decisions.length < 2) return null;
    const choices = await this.choices(from);
    for (const left of from.decisions) {
      const rest = from.decisions.filter((decision) => decision !== left);
      for (const moved of rest) {
        const mayPreempt = preempts(moved, choices) || preempts(left, choices);
        for (const other of othersFor(moved, choices, mayPreempt)) {
          const decisions = rest.map((decision) => (decision === moved ? other : decision));
          const shown = await this.attempt({ ...from, decisions });
          if (shown !== null && shown.decisions.length < from.decisions.length) return shown;
        }
      }
    }
    return null;
  }

  private async preemptions(schedule: Schedule): Promise<number> {
    const choices = await this.choices(schedule);
    return schedule.decisions.filter((decision) => preempts(decision, choices)).length;
  }

  /** Puts a decision at which a thread sleeps anyway in the place of a preemption. @returns null if none does */
  private async oneFreed(from: Schedule): Promise<Schedule | null> {
    const choices = await this.choices(from);
    const preempting = from.decisions.filter((decision) => preempts(decision, choices));
    const free = choices
      .filter(({ preemption }) => !preemption)
      .flatMap(({ cpu, step, byDefault, could }) =>
        could.filter((other) => other !== byDefault).map((to) => ({ cpu, step, to })),
      );
    for (const left of preempting) {
      const rest = from.decisions.filter((decision) => decision !== left);
      for (const decision of free) {
        const shown = await this.attempt({ ...from, decisions: [...rest, decision] });
        if (shown === null || shown.decisions.length > from.decisions.length) continue;
        if ((await this.preemptions(shown)) < preempting.length) return shown;
      }
    }
    return null;
  }

  /** One or two decisions like those of a longer list, in the default schedule. @returns null if that is not enough */
  private async rebuilt(from: Schedule): Promise<Schedule | null> {
    if (from.decisions.length < 2) return null;
    const sites = sitesOf(from.decisions, await this.choices(from));
    const plain = await this.choices({ ...from, decisions: [] });
    const firsts = sites.map((site) => decisionsLike(site, plain));
    for (const decision of [...firsts.flat(), ...decisionsNear(sites.slice(-LAST), plain, SINGLES_MAX)]) {
      const shown = await this.attempt({ ...from, decisions: [decision] });
      if (shown !== null && shown.decisions.length === 1) return shown;
    }
    return from.decisions.length < 3 ? null : this.pair(from, sites, firsts);
  }

  /** @param firsts - for each site, where it would be in the default schedule */
  private async pair(from: Schedule, sites: readonly Site[], firsts: readonly Decision[][]): Promise<Schedule | null> {
    let tried = 0;
    for (const [i, candidates] of firsts.entries()) {
      for (const first of candidates) {
        if (this.isOver() || tried >= PAIRS_MAX) return null;
        const choices = await this.choices({ ...from, decisions: [first] });
        const later = choices.slice(choices.findIndex(isAt(first)) + 1);
        for (const second of sites.slice(i + 1).flatMap((site) => decisionsLike(site, later))) {
          tried++;
          const shown = await this.attempt({ ...from, decisions: [first, second] });
          if (shown !== null && shown.decisions.length <= 2) return shown;
        }
      }
    }
    return null;
  }

  private async fewerTurns(): Promise<void> {
    const from = this.best;
    const now = this.engine.turns(from);
    const fewer = now === 0 ? TURNS_TRIED : Array.from({ length: now - 1 }, (_, i) => i + 1);
    for (const turns of fewer) {
      const shown = await this.attempt({ ...from, turns });
      if (shown === null || shown.decisions.length > from.decisions.length) continue;
      this.best = shown;
      return;
    }
  }

  private async fewerThreads(): Promise<void> {
    for (const [cpu, role] of this.best.roles.entries()) {
      const { best } = this;
      const last = best.roles.filter((other) => other === role).length === 1;
      if (role === 'kworker' || (role === 'completer' && last)) continue;
      const roles = best.roles.map((other, i) => (i === cpu ? 'kworker' : other));
      if (roles.every((other) => DAEMONS.includes(other as Role))) continue;
      const shown = await this.attempt({ ...best, roles });
      if (shown !== null && shown.decisions.length <= best.decisions.length) this.best = shown;
    }
  }

  private async fewerTurnsAndThreads(): Promise<void> {
    await this.fewerTurns();
    await this.fewerThreads();
  }

  private async round(): Promise<void> {
    for (let next: Schedule | null = this.best; next !== null; ) {
      this.best = next;
      await this.fewerDecisions();
      const { best } = this;
      next = (await this.rebuilt(best)) ?? (await this.oneMoved(best)) ?? (await this.oneFreed(best));
    }
    await this.fewerTurnsAndThreads();
  }

  /** Tries what it can of it with the budget, or with its share of it. */
  private async withinBudget(search: () => Promise<void>): Promise<void> {
    try {
      await search();
    } catch (error) {
      if (!(error instanceof BudgetUsedUp)) throw error;
      this.spent = true;
    }
  }

  private async size(schedule: Schedule): Promise<Size> {
    return {
      decisions: schedule.decisions.length,
      preemptions: await this.preemptions(schedule),
      turns: this.engine.turns(schedule),
      threads: schedule.roles.filter((role) => role !== 'kworker').length,
    };
  }

  private async isConfirmed({ hash, ...schedule }: Schedule): Promise<boolean> {
    for (let i = 0; i < CONFIRMATIONS; i++) {
      this.schedules++;
      const again = await this.engine.run({ hash, ...schedule });
      const shows = again.records.some((record) => sameSignature(signatureOf(record), this.signature));
      if (!shows || again.hash !== hash) return false;
    }
    return true;
  }

  async minimise(): Promise<Minimised> {
    const before = await this.size(this.best);
    await this.withinBudget(async () => {
      this.best = (await this.attempt(this.best)) ?? this.best;
      for (let from: Schedule | null = null; from !== this.best; ) {
        from = this.best;
        await this.round();
      }
    });
    this.share = 1;
    await this.withinBudget(() => this.fewerTurnsAndThreads());
    const { best, signature } = this;
    const after = await this.size(best);
    const confirmed = await this.isConfirmed(best);
    return { schedule: best, signature, before, after, schedules: this.schedules, whole: !this.spent, confirmed };
  }
}

/** As minimise(), on any engine. @throws if the schedule shows nothing */
export async function minimiseOn(engine: Engine, schedule: Schedule, budget: Budget): Promise<Minimised> {
  const { records, decisions, hash } = await engine.run(schedule);
  const [found] = records;
  if (found === undefined) throw new Error('a schedule that shows nothing cannot be cut down');
  return new Minimiser(engine, budget, signatureOf(found), { ...schedule, decisions, hash }).minimise();
}

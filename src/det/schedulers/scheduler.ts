// SPDX-License-Identifier: GPL-2.0-only
/**
 * A policy: who runs next. All that it knows is in the shared words, so that the same words give the same schedule,
 * whichever thread asks.
 */
import type { DetState } from '../state.ts';

/** What a policy may draw from before a round. */
export interface Draw {
  /** 32 bits, unsigned */
  next(): number;
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number;
}

/** What a policy is given before a round. */
export interface PolicyOptions {
  /** Ordering constraints that a bug may need. */
  readonly depth: number;
  /** Points that a schedule has. */
  readonly points: number;
}

export interface Scheduler {
  /** A line of help. */
  readonly text: string;
  /** Where it is from; empty for what is nobody's. */
  readonly paper: string;
  /**
   * Sets what it needs. The CPUs have priorities from 1, in an order that has been drawn.
   * @context before the round
   */
  begin(state: DetState, random: Draw, options: PolicyOptions): void;
  /**
   * @param cpu - who is at this step @param able - whether it can go on itself
   * @returns who is next, -1 if nobody can run
   */
  choose(state: DetState, cpu: number, able: boolean): number;
  /** The access of a CPU that has been chosen comes now. */
  accessed(state: DetState, cpu: number, addr: number, bytes: number, writes: boolean): void;
}

/** Who has the highest priority of those that can run; the first of equals. */
export function highest(state: DetState): number {
  let best = -1;
  for (let cpu = 0; cpu < state.round.cpus; cpu++) {
    if (state.canRun(cpu) && (best < 0 || state.cpu(cpu).priority > state.cpu(best).priority)) best = cpu;
  }
  return best;
}

// SPDX-License-Identifier: GPL-2.0-only
/** Which of the steps that tell something are drawn, where there are too many for a page. */
import type { Told } from './told.ts';

/** Rows on each side of a switch, and of where it goes wrong, that count more than others. */
const NEAR_SWITCH = 2;
const NEAR_TRUTH = 6;
/** Rows before the first place where it goes wrong: what was earlier is the same where all goes well. */
const BEFORE_TRUTH = 20;
/** Where there are many rows, those that tell no more than this are left out first. */
const WEIGHT_LITTLE = 1;

/** Keeps what tells most, in order. A lock goes and comes as a pair. */
export function most(all: readonly Told[], max: number): readonly Told[] {
  if (all.length <= max) return all;
  const matter = all.filter(({ weight, truth }) => truth || weight > WEIGHT_LITTLE);
  const told = matter.slice(Math.max(0, matter.findIndex(({ truth }) => truth) - BEFORE_TRUTH));
  const truths = told.flatMap(({ truth }, i) => (truth ? [i] : []));
  const switches = told.flatMap(({ step }, i) => (i > 0 && told[i - 1]?.step.cpu !== step.cpu ? [i] : []));
  const near = (points: readonly number[], i: number, distance: number): boolean =>
    points.some((at) => i >= at - distance && i < at + distance);
  const indexOf = new Map(told.map(({ step }, i) => [step.n, i]));
  const own = told.map(({ weight, truth }, i) => {
    const place = (near(switches, i, NEAR_SWITCH) ? 1.5 : 0) + (near(truths, i, NEAR_TRUTH) ? 3 : 0);
    return (truth ? 100 : 0) + weight + place + (4 * i) / told.length;
  });
  // A lock that is held while it goes wrong is part of how.
  const scores = told.map(({ other }, i) => {
    const pair = other === undefined ? i : (indexOf.get(other) ?? i);
    const [from, to] = [Math.min(i, pair), Math.max(i, pair)];
    const held = (told[i]?.weight ?? 0) > 1 && truths.some((at) => at > from && at < to) ? 5 : 0;
    return Math.max(own[i] as number, own[pair] as number) + held;
  });
  const order = told.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const kept = new Set(order.slice(0, max).map((i) => told[i]?.step.n));
  return told.filter(({ step, other }) => kept.has(step.n) && (other === undefined || kept.has(other)));
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Where a decision would be in another schedule of the same program.
 *
 * A decision is named by its CPU's count of steps, which moves when anything before it changes: a lock that is free
 * now, a sleep that is not needed. What stays is what the CPU is about to touch there.
 */
import type { Choice, Decision } from '../schedule/words.ts';

export interface Site {
  readonly cpu: number;
  /** Its own step, in the schedule that it comes from. */
  readonly step: number;
  readonly to: number;
  readonly preemption: boolean;
  readonly addr: number;
}

/** Places that are looked at for one decision. */
const MATCHES_MAX = 12;

/** Whether a choice is the one of this decision; a deviation from the memory's order is no CPU's. */
export const isAt =
  ({ cpu, step, to }: Decision) =>
  (choice: Choice): boolean =>
    choice.cpu === cpu && choice.step === step && choice.could.includes(to);

/** @param choices - of the schedule @returns in order, without those at which there was no choice of a CPU */
export function sitesOf(decisions: readonly Decision[], choices: readonly Choice[]): Site[] {
  return decisions.flatMap((decision) => {
    const choice = choices.find(isAt(decision));
    if (choice === undefined) return [];
    return [{ ...decision, preemption: choice.preemption, addr: choice.addr }];
  });
}

/** Decisions like it in another schedule, the nearest first. @param choices - of that schedule */
export function decisionsLike(site: Site, choices: readonly Choice[]): Decision[] {
  const { cpu, to, addr, preemption } = site;
  return choices
    .filter((choice) => choice.cpu === cpu && choice.addr === addr && choice.preemption === preemption)
    .filter(({ could, byDefault }) => could.includes(to) && byDefault !== to)
    .sort((a, b) => Math.abs(a.step - site.step) - Math.abs(b.step - site.step) || a.step - b.step)
    .slice(0, MATCHES_MAX)
    .map(({ step }) => ({ cpu, step, to }));
}

/** Any decisions of another schedule, those nearest to one of these sites first. @param choices - of that schedule */
export function decisionsNear(sites: readonly Site[], choices: readonly Choice[], most: number): Decision[] {
  const distance = ({ cpu, step }: Decision): number =>
    Math.min(...sites.map((site) => (site.cpu === cpu ? Math.abs(site.step - step) : Number.POSITIVE_INFINITY)));
  return choices
    .flatMap(({ cpu, step, could, byDefault }) =>
      could.filter((to) => to !== byDefault).map((to) => ({ cpu, step, to })),
    )
    .map((decision) => ({ decision, far: distance(decision) }))
    .sort((a, b) => a.far - b.far || a.decision.cpu - b.decision.cpu || a.decision.step - b.decision.step)
    .slice(0, most)
    .map(({ decision }) => decision);
}

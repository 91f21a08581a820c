// SPDX-License-Identifier: GPL-2.0-only
/** How many threads of each role, and which CPU plays what. */
import { ROLES, type Role } from '../../workers/protocol.ts';
import { minThreads, type Scenario } from './scenario.ts';

/**
 * Gives each role its minimum, and what is left by weight, largest remainder first.
 * @param chosen - counts that the user has given, for the roles that the scenario has; null for the default mix
 * @returns a role for each of `threads` CPUs; kernel threads first, so that a short machine never lacks them
 */
export function assignRoles(
  scenario: Scenario,
  threads: number,
  chosen: Readonly<Record<string, number>> | null,
): Role[] {
  const counts = new Map<Role, number>();
  for (const role of ROLES) {
    const share = scenario.roles[role];
    if (share !== undefined) counts.set(role, Math.max(share.min, chosen?.[role] ?? 0));
  }
  const total = (): number => [...counts.values()].reduce((a, b) => a + b, 0);
  // Counts that do not fit are cut, largest first; what is left is given out by weight.
  while (total() > threads && total() > minThreads(scenario)) {
    const [role] =
      [...counts].filter(([r, n]) => n > (scenario.roles[r]?.min ?? 0)).sort((a, b) => b[1] - a[1])[0] ?? [];
    if (role === undefined) break;
    counts.set(role, (counts.get(role) ?? 0) - 1);
  }
  shareOut(scenario, counts, threads - total());
  return [...counts]
    .sort(([a], [b]) => rank(a) - rank(b))
    .flatMap(([role, count]) => Array.from({ length: count }, () => role));
}

const rank = (role: Role): number => (role === 'kworker' ? -1 : ROLES.indexOf(role));

function shareOut(scenario: Scenario, counts: Map<Role, number>, spare: number): void {
  const weights = [...counts.keys()].map((role) => [role, scenario.roles[role]?.weight ?? 0] as const);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  const exact = weights.map(([role, weight]) => [role, (spare * weight) / sum] as const);
  let given = 0;
  for (const [role, share] of exact) {
    counts.set(role, (counts.get(role) ?? 0) + Math.floor(share));
    given += Math.floor(share);
  }
  const byRemainder = [...exact].sort((a, b) => (b[1] % 1) - (a[1] % 1));
  for (let i = 0; given < spare; i++, given++) {
    const role = byRemainder[i % byRemainder.length]?.[0] as Role;
    counts.set(role, (counts.get(role) ?? 0) + 1);
  }
}

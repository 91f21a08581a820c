// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { SCENARIOS } from './index.ts';
import { assignRoles } from './roles.ts';
import { minThreads, type Scenario } from './scenario.ts';

const count = (roles: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const role of roles) counts[role] = (counts[role] ?? 0) + 1;
  return counts;
};

test.each(SCENARIOS.map((s) => [s.name, s] as const))('%s fills any number of threads', (_, scenario) => {
  for (const threads of [minThreads(scenario), 9, 16, 17, 64, 256]) {
    if (threads < minThreads(scenario)) continue;
    const counts = count(assignRoles(scenario, threads, null));
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(threads);
    for (const [role, share] of Object.entries(scenario.roles)) {
      expect(counts[role] ?? 0, `${role} of ${threads}`).toBeGreaterThanOrEqual(share.min);
    }
    expect(Object.keys(counts).every((role) => role in scenario.roles)).toBe(true);
  }
});

test('what the user chooses comes first, and what does not fit is cut', () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'everything_at_once') as Scenario;
  const chosen = count(assignRoles(scenario, 20, { submitter: 9, migrator: 2 }));
  expect(chosen['submitter']).toBeGreaterThanOrEqual(9);
  expect(chosen['migrator']).toBeGreaterThanOrEqual(2);
  const cut = count(assignRoles(scenario, 10, { submitter: 50 }));
  expect(Object.values(cut).reduce((a, b) => a + b, 0)).toBe(10);
  expect(cut['kworker']).toBe(2);
});

test('kernel threads come first', () => {
  for (const scenario of SCENARIOS) {
    expect(assignRoles(scenario, 16, null).slice(0, 2)).toEqual(['kworker', 'kworker']);
  }
});

// SPDX-License-Identifier: GPL-2.0-only
/** Which scenarios on which builds the deterministic engine explores. */
import type { Slug } from '../../src/reverts/registry.ts';
import type { CaseRecord } from '../log/records.ts';
import { caseRecord } from '../native/campaign.ts';
import type { Options } from '../options/stress_options.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';
import type { ExploredCase } from './search/explore.ts';

/** Whether the memory model can show what a scenario is about: x86 hides what needs loads out of order. */
const canShow = ({ native }: Scenario, { det }: Options): boolean => native || det?.memory === 'weak';

/** As the log has it. */
export function detCaseRecord(c: ExploredCase, options: Options): CaseRecord {
  const shows = canShow(c.scenario, options);
  const expectsFinding = shows && c.scenario.fixedBy.some((slug) => c.reverted.includes(slug));
  return { ...caseRecord(c), native: shows, expectsFinding };
}

export function detCases(options: Options, scenarios: readonly Scenario[]): ExploredCase[] {
  const { revert, build, det } = options;
  const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name));
  const make = (scenario: Scenario, reverted: readonly Slug[]): ExploredCase => ({
    scenario,
    reverted,
    roles: assignRoles(scenario, det?.threadsGiven === true ? options.threads : minThreads(scenario), options.roles),
  });
  return chosen.flatMap((scenario) => {
    if (revert.length > 0) return [make(scenario, revert)];
    const worthReverting = scenario.fixedBy.length > 0 && (canShow(scenario, options) || options.scenarioGiven);
    return [
      ...(build !== 'patched' && worthReverting ? [make(scenario, scenario.fixedBy)] : []),
      ...(build !== 'reverted' ? [make(scenario, [])] : []),
    ];
  });
}

// SPDX-License-Identifier: GPL-2.0-only
/** What a run runs: scenarios, each on a patched or a reverted build, with a role for each CPU. */
import type { Slug } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import type { CaseRecord } from '../log/records.ts';
import type { DetOptions, Options } from '../options/options.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';

/** A scenario on a build. */
export interface Case {
  readonly scenario: Scenario;
  readonly reverted: readonly Slug[];
  /** By CPU. */
  readonly roles: readonly Role[];
}

/** Whether the engine can show a scenario's race: x86 hides a race that needs loads out of order. */
const canShow = ({ native }: Scenario, det: DetOptions | null): boolean => native || det?.memory === 'weak';

/** A case as the log has it. @param det - null for free threads */
export function caseRecord({ scenario, reverted, roles }: Case, det: DetOptions | null = null): CaseRecord {
  const { name, description, fixedBy, outcomes, goals, contrast } = scenario;
  const native = canShow(scenario, det);
  const expectsFinding = native && fixedBy.some((slug) => reverted.includes(slug));
  const rest = contrast === undefined ? {} : { contrast };
  return { name, description, reverted, expectsFinding, native, outcomes, goals, roles, ...rest };
}

/** The options that say which cases there are. */
type Wanted = Pick<Options, 'scenarios' | 'scenarioGiven' | 'build' | 'revert' | 'threads' | 'roles' | 'det'>;

/** The cases that the options ask for. */
export function chooseCases(options: Wanted, scenarios: readonly Scenario[]): Case[] {
  const { build, det, revert, threads } = options;
  // A schedule of few threads explores more; the deterministic engine takes no more than it must.
  const threadsOf = (scenario: Scenario): number => (det === null || det.threadsGiven ? threads : minThreads(scenario));
  const on = (scenario: Scenario, reverted: readonly Slug[]): Case => ({
    scenario,
    reverted,
    roles: assignRoles(scenario, threadsOf(scenario), options.roles),
  });
  const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name));
  return chosen.flatMap((scenario) => {
    if (revert.length > 0) return [on(scenario, revert)];
    // A race that this engine cannot show is tried only when the scenario is asked for by name.
    const worthReverting = scenario.fixedBy.length > 0 && (canShow(scenario, det) || options.scenarioGiven);
    return [
      ...(build !== 'patched' && worthReverting ? [on(scenario, scenario.fixedBy)] : []),
      ...(build !== 'reverted' ? [on(scenario, [])] : []),
    ];
  });
}

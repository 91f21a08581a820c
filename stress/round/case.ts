// SPDX-License-Identifier: GPL-2.0-only
/** What a run runs: scenarios, each on a patched or a reverted build, with a role for each CPU. */
import type { Rcu } from '../../src/arch/sab/cpu.ts';
import { type Build, buildOf, inV317, lacks } from '../../src/reverts/registry.ts';
import type { Role } from '../../workers/protocol.ts';
import type { CaseRecord } from '../log/records.ts';
import type { DetOptions, Options } from '../options/options.ts';
import { assignRoles } from '../scenarios/roles.ts';
import { minThreads, type Scenario } from '../scenarios/scenario.ts';

const V317: Build = { reverted: [] };

/** A scenario on a build. */
export interface Case extends Build {
  readonly scenario: Scenario;
  /** By CPU. */
  readonly roles: readonly Role[];
}

/** The scenario's own, unless one is asked for. */
const rcuOf = (scenario: Scenario, asked: Rcu | null): Rcu => asked ?? scenario.rcu ?? 'classic';

/**
 * Whether a machine can show a scenario's race: x86 hides one that needs loads out of order, and a classic RCU one that
 * needs a preempted reader.
 */
const canShow = (scenario: Scenario, det: DetOptions | null, rcu: Rcu): boolean =>
  (scenario.rcu ?? rcu) === rcu &&
  (scenario.native || (det !== null && (scenario.rcu !== undefined || det.memory === 'weak')));

/** A case as the log has it. @param det - null for free threads */
export function caseRecord({ scenario, roles, ...build }: Case, det: DetOptions | null = null): CaseRecord {
  const { name, description, fixedBy, outcomes, goals, contrast } = scenario;
  const native = canShow(scenario, det, build.rcu ?? 'classic');
  const expectsFinding = native && fixedBy.some((slug) => lacks(build, slug));
  const rest = contrast === undefined ? {} : { contrast };
  return { name, description, ...buildOf(build), expectsFinding, native, outcomes, goals, roles, ...rest };
}

/** The options that say which cases there are. */
type Wanted = Pick<
  Options,
  'scenarios' | 'scenarioGiven' | 'build' | 'revert' | 'apply' | 'rcu' | 'threads' | 'roles' | 'det'
>;

/** The cases that the options ask for. */
export function chooseCases(options: Wanted, scenarios: readonly Scenario[]): Case[] {
  const { build, det, revert, apply, threads, rcu } = options;
  // A schedule of few threads explores more; the deterministic engine takes no more than it must.
  const threadsOf = (scenario: Scenario): number => (det === null || det.threadsGiven ? threads : minThreads(scenario));
  const on = (scenario: Scenario, built: Build): Case => ({
    scenario,
    ...buildOf({ ...built, rcu: rcuOf(scenario, rcu) }),
    roles: assignRoles(scenario, threadsOf(scenario), options.roles),
  });
  const chosen = scenarios.filter(({ name }) => options.scenarios.includes(name));
  return chosen.flatMap((scenario) => {
    if (revert.length + apply.length > 0) return [on(scenario, { reverted: revert, applied: apply })];
    // A race that this engine cannot show is tried only when the scenario is asked for by name.
    const fixes = canShow(scenario, det, rcuOf(scenario, rcu)) || options.scenarioGiven ? scenario.fixedBy : [];
    // The same where v3.17 is what lacks the fix.
    const isHidden = fixes.length === 0 && scenario.fixedBy.some((slug) => !inV317(slug));
    return [
      ...(build === 'patched' ? [] : fixes.filter(inV317).map((slug) => on(scenario, { reverted: [slug] }))),
      ...(build === 'reverted' || isHidden ? [] : [on(scenario, V317)]),
      ...(build === 'both' ? fixes.filter((slug) => !inV317(slug)) : []).map((slug) =>
        on(scenario, { reverted: [], applied: [slug] }),
      ),
    ];
  });
}

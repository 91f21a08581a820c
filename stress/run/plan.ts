// SPDX-License-Identifier: GPL-2.0-only
/** What a run does, resolved once; each part of it gets its own part. */
import type { DetLoad } from '../det/campaign.ts';
import type { CaseRecord } from '../log/records.ts';
import type { Load } from '../native/campaign.ts';
import { detText, MEMORY_TEXTS } from '../options/det.ts';
import type { Options } from '../options/options.ts';
import type { Reporter } from '../options/reporters.ts';
import { againLine } from '../options/stress_options.ts';
import type { Environment, Parameters } from '../result/run_result.ts';
import type { Budget } from '../round/campaign.ts';
import { type Case, caseRecord, chooseCases } from '../round/case.ts';
import { SCENARIOS } from '../scenarios/index.ts';

/** Threads that run as they like. */
export interface NativePlan {
  readonly machine: { readonly threads: number; readonly arenaMib: number; readonly sanitize: boolean };
  readonly load: Load;
}

export interface RunPlan {
  readonly cases: readonly Case[];
  readonly budget: Budget;
  readonly seed: number;
  /** One thread at a time has a `scheduler`. */
  readonly engine: NativePlan | DetLoad;
  /** How long to look for schedules that show what was found. */
  readonly explainMs: number;
  /** For the first line of the log. */
  readonly record: {
    readonly parameters: Parameters;
    /** What is other than the environment of this process. */
    readonly environment: Partial<Environment>;
    readonly cases: readonly CaseRecord[];
  };
  /** Folder in which the run makes its own. */
  readonly output: string;
  readonly reporters: readonly Reporter[];
  /** Whether stdout gets the result as JSON, and stderr the text. */
  readonly json: boolean;
}

function parametersOf(options: Options, cases: readonly Case[]): Parameters {
  const {
    threads,
    durationMs,
    seed,
    leftOut,
    build,
    revert,
    apply,
    rcu,
    roles,
    perturb,
    sanitize,
    arenaMib,
    shard,
    det,
  } = options;
  return {
    ...{ threads, durationMs, seed },
    scenarios: [...new Set(cases.map(({ scenario }) => scenario.name))],
    ...(leftOut.length === 0 ? {} : { leftOut }),
    build: revert.length > 0 ? 'revert' : apply.length > 0 ? 'apply' : build,
    ...(apply.length > 0 ? { apply } : {}),
    ...(rcu === null ? {} : { rcu }),
    ...{ revert, roles: roles as Readonly<Record<string, number>> | null, perturb, sanitize, arenaMib, shard },
    thresholds: options.thresholds,
    again: againLine(options),
    ...(det === null ? {} : { engine: detText(det) }),
  };
}

export function planOf(options: Options): RunPlan {
  const { det, seed, shard, perturb, threads, arenaMib, explainMs, output, reporters, json } = options;
  const cases = chooseCases(options, SCENARIOS);
  const machine = { threads, arenaMib, sanitize: options.sanitize === 'address' };
  return {
    cases,
    budget: { durationMs: options.durationMs, findings: options.failFast ? 1 : options.maxFindings },
    seed,
    engine: det === null ? { machine, load: { seed, shard, perturb } } : { ...det, seed, arenaMib },
    explainMs,
    record: {
      parameters: parametersOf(options, cases),
      environment: det === null ? {} : { memoryModel: MEMORY_TEXTS[det.memory] },
      cases: cases.map((one) => caseRecord(one, det)),
    },
    output,
    reporters,
    json,
  };
}

// SPDX-License-Identifier: GPL-2.0-only
/** Whether two runs can be compared, and in what they differ by intent. */
import { UsageError } from '../cli/usage_error.ts';
import type { Run, RunResult } from '../result/run_result.ts';

/** Two runs that cannot be compared. */
export class CompareError extends UsageError {
  constructor(message: string) {
    super('compare', message);
  }
}

export interface ParameterPair {
  readonly name: string;
  readonly a: string;
  readonly b: string;
}

/** What changes every figure of a round, so that a ratio would speak of it alone. */
const MUST_AGREE: readonly (readonly [name: string, flag: string, of: (result: RunResult) => number | string])[] = [
  ['threads', '--threads', ({ parameters }) => parameters.threads],
  ['sanitize', '--sanitize', ({ parameters }) => parameters.sanitize],
  ['arena', '--arena-mib', ({ parameters }) => parameters.arenaMib],
];

/** @throws CompareError */
export function checkComparable({ result: a }: Run, { result: b }: Run): void {
  if (a.schemaVersion !== b.schemaVersion) {
    throw new CompareError(
      `the runs cannot be compared, A has schema ${a.schemaVersion} and B schema ${b.schemaVersion}; ` +
        'run both with the same version of kioctx',
    );
  }
  for (const [name, flag, of] of MUST_AGREE) {
    if (of(a) !== of(b)) {
      throw new CompareError(
        `the runs cannot be compared, ${name} is ${of(a)} in A and ${of(b)} in B; run B again with ${flag} ${of(a)}`,
      );
    }
  }
}

const list = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));

const rolesText = (roles: Readonly<Record<string, number>> | null): string =>
  roles === null ? 'by scenario' : list(Object.entries(roles).map(([role, n]) => `${role}=${n}`));

const LISTED: readonly (readonly [name: string, of: (result: RunResult) => string])[] = [
  ['perturb', ({ parameters }) => parameters.perturb],
  ['seed', ({ parameters }) => String(parameters.seed)],
  ['shard', ({ parameters: { shard } }) => (shard === null ? 'whole' : `${shard.index}/${shard.of}`)],
  ['merged runs', ({ merged }) => String(merged.length)],
  ['duration', ({ parameters }) => `${parameters.durationMs / 1000} s`],
  ['build', ({ parameters }) => parameters.build],
  ['reverted', ({ parameters }) => list(parameters.revert)],
  ['applied', ({ parameters }) => list(parameters.apply ?? [])],
  ['RCU', ({ parameters }) => parameters.rcu ?? 'by scenario'],
  ['roles', ({ parameters }) => rolesText(parameters.roles)],
  ['commit', ({ environment }) => environment.commit],
  ['tool', ({ environment }) => environment.tool],
  ['node', ({ environment }) => environment.node],
  ['v8', ({ environment }) => environment.v8],
  ['platform', ({ environment }) => environment.platform],
  ['cpu', ({ environment }) => environment.cpuModel],
  ['cores', ({ environment }) => String(environment.cores)],
  ['verdict', ({ verdict }) => verdict],
];

/** Parameters and circumstances that differ. */
export const differing = (a: RunResult, b: RunResult): ParameterPair[] =>
  LISTED.map(([name, of]) => ({ name, a: of(a), b: of(b) })).filter((pair) => pair.a !== pair.b);

/** Whether the n-th round of a case has the same workload in both: they drew it from the same seed. */
export function areTwins(a: RunResult, b: RunResult): boolean {
  const drawn = ({ parameters: { seed, shard, roles }, merged, scenarios }: RunResult): string =>
    // a case's place in the list is drawn from, too
    JSON.stringify([seed, shard, roles, merged.length, scenarios.map(({ name, build }) => [name, build])]);
  return a.merged.length === 0 && drawn(a) === drawn(b);
}

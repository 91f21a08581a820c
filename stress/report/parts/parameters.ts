// SPDX-License-Identifier: GPL-2.0-only
/** What was run, and on what: the same lines in every report. */
import { buildName } from '../../result/labels.ts';
import type { Parameters, RunResult } from '../../result/run_result.ts';
import { plural, span } from '../../text/layout.ts';
import { shardText } from './merged_table.ts';

const rolesText = (roles: Readonly<Record<string, number>> | null): string =>
  roles === null
    ? 'shared out by each scenario'
    : Object.entries(roles)
        .map(([role, count]) => `${role} ${count}`)
        .join(', ');

/** `everything_at_once (needs 9)`; null if nothing was left out. */
export const leftOutText = (leftOut: Parameters['leftOut'] = []): string | null =>
  leftOut.length === 0 ? null : leftOut.map(({ scenario, threads }) => `${scenario} (needs ${threads})`).join(', ');

/** Pairs of a name and what it was. */
export function parameterPairs({ parameters: p, startedAt, elapsedMs, interrupted }: RunResult): [string, string][] {
  const leftOut = leftOutText(p.leftOut);
  return [
    ['threads', `${p.threads}, roles ${rolesText(p.roles)}`],
    ...(p.engine === undefined ? [] : [['engine', p.engine] as [string, string]]),
    ['time', `${span(p.durationMs)} asked, ${span(elapsedMs)} taken${interrupted ? ', interrupted' : ''}`],
    ['started', startedAt],
    ['seed', `${p.seed} (0x${p.seed.toString(16)})`],
    ['build', buildName({ reverted: p.revert, applied: p.apply }, p.build)],
    ['scenarios', p.scenarios.join(', ')],
    ...(leftOut === null ? [] : [['left out', leftOut] as [string, string]]),
    ['perturb', p.perturb],
    ['sanitize', p.sanitize],
    ['arena', `${p.arenaMib} MiB`],
    ...(p.shard === null ? [] : [['shard', shardText(p.shard)] as [string, string]]),
  ];
}

export function environmentPairs({ environment: e }: RunResult): [string, string][] {
  return [
    ['tool', `${e.tool}, commit ${e.commit}`],
    ['node', `${e.node}, V8 ${e.v8}`],
    ['machine', `${e.platform}, ${e.cpuModel}, ${plural(e.cores, 'core')}`],
    ['memory model', e.memoryModel],
  ];
}

/** What runs it again, ready to be pasted. */
export const againCommand = ({ parameters }: RunResult): string => `npm run stress -- ${parameters.again}`;

/** The line that a script looks for, the same in every report. */
export const verdictLine = ({ verdict, reason, exitCode }: RunResult): string =>
  `--- End of test: ${verdict.toUpperCase()}: ${reason.replace(/\s+/g, ' ')} (exit ${exitCode})`;

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether a seed gives one schedule: runs it twice, step by step, and names the first step that differs.
 *
 * If one does, something got in that is not under the schedule, such as the time, and no finding can be replayed.
 */
import { LOAD, RMW, STORE } from '../../../src/arch/sab/access.ts';
import { LOG_MAX, LOG_WORDS } from '../../../src/det/state.ts';
import { cpuOf, opOf } from '../../../src/det/step_log.ts';
import { objectText } from '../../../src/kernel/object_ref.ts';
import { describeAddress } from '../../../src/mm/slab.ts';
import type { Pool } from '../../round/pool.ts';
import { type DetResult, type DetSpec, runSchedule } from '../round.ts';
import { loggedSteps } from '../schedule/words.ts';

/** A seed gave two schedules; `message` says where they part. */
export class Nondeterminism extends Error {
  override readonly name = 'Nondeterminism';
}

const VERBS: Readonly<Record<number, string>> = { [LOAD]: 'reads', [STORE]: 'writes', [RMW]: 'changes' };

/** `cpu 2 writes kioctx+0x84` */
function describeStep(log: Int32Array, step: number): string {
  const addr = log[step * LOG_WORDS];
  const what = log[step * LOG_WORDS + 1];
  if (addr === undefined || what === undefined) return 'nothing, it is over';
  return `cpu ${cpuOf(what)} ${VERBS[opOf(what)] ?? 'touches'} ${objectText(describeAddress(addr))}`;
}

/** The first step at which two logs differ; 0 if they do not. */
export function firstDifference(one: Int32Array, other: Int32Array): number {
  const length = Math.max(one.length, other.length);
  for (let i = LOG_WORDS; i < length; i++) if (one[i] !== other[i]) return Math.floor(i / LOG_WORDS);
  return 0;
}

/** Runs a schedule twice. @returns what it came to @throws Nondeterminism */
export async function runTwice(pool: Pool, spec: DetSpec): Promise<DetResult> {
  const { det } = pool;
  if (det === null) throw new Error('schedules need a pool whose threads run one at a time');
  const logged = { ...spec, how: { ...spec.how, logSteps: true } };
  const first = await runSchedule(pool, logged);
  const log = loggedSteps(det).slice();
  const second = await runSchedule(pool, { ...logged, watch: () => {} });
  if (first.hash === second.hash && first.steps === second.steps) return first;
  // Given up half way, for want of time on a core or on a signal: not the same, and no wonder.
  if (first.inconclusive !== null || second.inconclusive !== null || spec.stop.aborted) return first;
  const again = loggedSteps(det);
  const step = firstDifference(log, again);
  const where =
    step === 0
      ? `the first ${LOG_MAX - 1} steps are the same`
      : `at step ${step}, ${describeStep(log, step)} the first time and ${describeStep(again, step)} the second time`;
  throw new Nondeterminism(
    `a seed gave two schedules of ${spec.scenario.name}: ${where} ` +
      `(${spec.how.scheduler}, schedule ${spec.number + 1}, seed ${spec.how.seed})`,
  );
}

// SPDX-License-Identifier: GPL-2.0-only
/** Runs a trace where it can be run, and says what was answered otherwise than expected. */
import type { Kernel, KernelFacts } from '../kernel/kernel.ts';
import { runOnPort } from '../port/port.ts';
import { folded, stepsOf } from '../trace/steps.ts';
import type { Outcome, Trace, TraceOp } from '../trace/trace.ts';
import {
  appliesToKernel,
  appliesToPort,
  compareOps,
  compareWithKernel,
  type Difference,
  expectedOfKernel,
  expectedOfPort,
} from './compare.ts';

export type Target = 'port' | 'kernel' | 'both';

/** What is held against what. */
export type Side = 'port' | 'kernel' | 'port beside kernel';

export interface Judgement {
  readonly side: Side;
  readonly state: 'passed' | 'differs' | 'skipped' | 'inconclusive';
  /** why it was skipped, or compared in part only; null if neither */
  readonly why: string | null;
  readonly differences: readonly Told[];
  /** rows of differences.ts that were needed */
  readonly rows: readonly string[];
}

/** A difference, with what each answered that ran. */
export interface Told extends Difference {
  readonly port: unknown;
  readonly kernel: unknown;
}

export interface Judged {
  readonly file: string;
  readonly trace: Trace;
  readonly judgements: readonly Judgement[];
}

interface Run {
  readonly trace: Trace;
  /** possible CPUs that its expectations hold for */
  readonly cpus: number;
  readonly port: Outcome | null;
  readonly kernel: Outcome | null;
}

/** What one of them answered where the two differ. */
const fieldOf = (outcome: Outcome | null, { op, at, field }: Difference, ops: readonly TraceOp[]): unknown => {
  const step = at === undefined ? -1 : [...stepsOf(ops)].findIndex((each) => each.at === at);
  const answer = step < 0 ? folded(ops, outcome?.answers ?? [])[op] : outcome?.answers[step];
  return answer?.[field];
};

function judgement(
  side: Side,
  run: Run,
  differences: readonly Difference[],
  rows: readonly string[],
  why: string | null = null,
): Judgement {
  const { ops } = run.trace;
  return {
    side,
    state: differences.length > 0 ? 'differs' : 'passed',
    why,
    differences: differences.map((difference) => ({
      ...difference,
      port: fieldOf(run.port, difference, ops),
      kernel: fieldOf(run.kernel, difference, ops),
    })),
    rows,
  };
}

const skip = (side: Side, why: string, state: 'skipped' | 'inconclusive' = 'skipped'): Judgement => ({
  side,
  state,
  why,
  differences: [],
  rows: [],
});

function judgePort(run: Run): Judgement {
  const { trace, cpus, port } = run;
  if (port === null) return skip('port', 'it is not about v3.17');
  const { answers, rows } = expectedOfPort(trace, cpus, port.answers);
  return judgement('port', run, compareOps(trace, port, answers), rows);
}

function judgeKernel(run: Run, host: number | null): Judgement {
  const { trace, cpus, kernel } = run;
  if (kernel === null) return skip('kernel', 'it is not about the kernels of today');
  if (kernel.skipped !== null) return skip('kernel', kernel.skipped);
  if (kernel.unproven !== undefined) return skip('kernel', kernel.unproven, 'inconclusive');
  if (host !== cpus) return skip('kernel', `recorded for ${cpus} possible CPUs, this host has ${host}`);
  return judgement('kernel', run, compareOps(trace, kernel, expectedOfKernel(trace)), []);
}

/** The port with as many CPUs as the host has: here nothing depends on where a trace was recorded. */
function judgeBoth(run: Run, host: number | null): Judgement {
  const { trace, kernel } = run;
  const side = 'port beside kernel';
  if (kernel === null || !appliesToPort(trace)) return skip(side, 'it is about one of them only');
  if (kernel.skipped !== null) return skip(side, kernel.skipped);
  if (kernel.unproven !== undefined) return skip(side, kernel.unproven, 'inconclusive');
  const cpus = host ?? run.cpus;
  const port = cpus === run.cpus && run.port !== null ? run.port : runOnPort(trace, cpus);
  const { differences, rows, partedAfter } = compareWithKernel(trace, port, kernel, cpus);
  const why = partedAfter === null ? null : `up to op ${partedAfter}, after which the two are in different states`;
  return judgement(side, { ...run, port }, differences, rows, why);
}

/**
 * @param recordedCpus - possible CPUs of the machine that the trace's file was recorded on
 * @param kernel - null if only the port is asked for
 */
export async function judge(
  trace: Trace,
  recordedCpus: number,
  target: Target,
  kernel: Kernel | null,
  facts: KernelFacts | string,
): Promise<Judgement[]> {
  const cpus = trace.possible_cpus ?? recordedCpus;
  const host = typeof facts === 'string' ? null : facts.possibleCpus;
  const run: Run = {
    trace,
    cpus,
    port: target !== 'kernel' && appliesToPort(trace) ? runOnPort(trace, cpus) : null,
    kernel: kernel !== null && appliesToKernel(trace) ? await kernel.run(trace) : null,
  };
  return [
    ...(target === 'kernel' ? [] : [judgePort(run)]),
    ...(target === 'port' ? [] : [judgeKernel(run, host)]),
    ...(target === 'both' ? [judgeBoth(run, host)] : []),
  ];
}

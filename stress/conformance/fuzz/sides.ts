// SPDX-License-Identifier: GPL-2.0-only
/** What a drawn trace runs on, and where the answers differ. */
import { setTimeout } from 'node:timers/promises';
import type { Slug } from '../../../src/reverts/registry.ts';
import { compareOps, compareWithKernel, type Difference } from '../judge/compare.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { runOnPort } from '../port/port.ts';
import type { Answer } from '../trace/kinds.ts';
import { type Outcome, type Trace, TraceError } from '../trace/trace.ts';

/** What came of a trace. */
export interface Ran {
  /** What was expected of the port: today's kernel's answers, where there is one. */
  readonly expected: readonly Answer[];
  readonly actual: readonly Answer[];
  readonly differences: readonly Difference[];
  /** Rows of differences.ts that were needed. */
  readonly rows: readonly string[];
  /** Ops that were compared. */
  readonly compared: number;
}

/** Runs a trace wherever it is to run. @throws TraceError if it cannot be run */
export type Run = (trace: Trace) => Promise<Ran>;

/** More than any context of a drawn trace asks for: io_setup() has room for it unless others have the quota. */
const MODEST = 1000;
const RETRIES = 20;
const RETRY_MS = 500;

/** Whether other processes had the quota of the host meanwhile, so that its answers say nothing. */
const hadNoQuota = ({ ops }: Trace, { answers }: Outcome): boolean =>
  answers.some(({ ret }, i) => {
    const op = ops[i];
    return op?.op === 'io_setup' && ret === '-EAGAIN' && op.nr_events > 0 && op.nr_events <= MODEST;
  });

/** Runs a trace on the kernel when there is quota for it. */
async function onKernel(kernel: Kernel, trace: Trace): Promise<Outcome> {
  for (let tries = 0; ; tries++) {
    const outcome = await kernel.run(trace);
    if (outcome.skipped !== null) throw new Error(`the kernel does not run a drawn trace: ${outcome.skipped}`);
    if (outcome.unproven !== undefined) throw new TraceError(outcome.unproven);
    if (!hadNoQuota(trace, outcome)) return outcome;
    if (tries === RETRIES) throw new TraceError('other processes have the quota of AIO');
    await setTimeout(RETRY_MS);
  }
}

/** @param cpus - possible CPUs of the host */
export const portAndKernel =
  (kernel: Kernel, cpus: number): Run =>
  async (trace) => {
    // The kernel's process works while this one does.
    const asked = onKernel(kernel, trace);
    let port: Outcome;
    try {
      port = runOnPort(trace, cpus);
    } catch (error) {
      await asked.catch(() => {});
      throw error;
    }
    const outcome = await asked;
    const { differences, rows, compared } = compareWithKernel(trace, port, outcome, cpus);
    return { expected: outcome.answers, actual: port.answers, differences, rows, compared };
  };

/** Without a kernel: what the port itself complains of. */
export const portAlone =
  (cpus: number): Run =>
  async (trace) => {
    const port = runOnPort(trace, cpus);
    const differences = compareOps(trace, port, []);
    return { expected: port.answers, actual: port.answers, differences, rows: [], compared: port.answers.length };
  };

/** The port beside a port without some fixes. */
export const portAndReverted =
  (cpus: number, reverted: readonly Slug[]): Run =>
  async (trace) => {
    const whole = runOnPort(trace, cpus);
    const port = runOnPort(trace, cpus, reverted);
    const differences = compareOps(trace, port, whole.answers);
    return { expected: whole.answers, actual: port.answers, differences, rows: [], compared: port.answers.length };
  };

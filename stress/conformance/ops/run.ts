// SPDX-License-Identifier: GPL-2.0-only
/** Takes the steps of a trace, one after the other. */
import { SegmentationFault } from '../../../src/user/libaio.ts';
import type { Answer } from '../trace/kinds.ts';
import { stepsOf } from '../trace/steps.ts';
import { type BasicOp, type OpName, TraceError, type TraceOp } from '../trace/trace.ts';
import { CALLS } from './calls.ts';
import { DATA } from './data.ts';
import { Names, type Run } from './names.ts';
import type { System } from './system.ts';

/** What each step does. */
const RUN: { readonly [N in OpName]: Run<N> } = { ...CALLS, ...DATA };

function runStep(system: System, names: Names, op: BasicOp): Answer {
  names.beginStep();
  try {
    return (RUN[op.op] as Run<OpName>)(system, names, op as never);
  } catch (error) {
    // The process touched what is not mapped, such as the ring of a context that is gone.
    if (error instanceof SegmentationFault) return { ret: 'SIGSEGV' };
    throw error;
  }
}

/**
 * @param begins - hears of each step before it is taken
 * @param answered - hears each answer
 * @throws TraceError if the trace cannot be run anywhere
 */
export function runOps(ops: readonly TraceOp[], system: System, answered: (answer: Answer) => void): void {
  const names = new Names(system);
  for (const { op, at } of stepsOf(ops)) {
    try {
      answered(runStep(system, names, op));
    } catch (error) {
      if (error instanceof TraceError) throw new TraceError(`op ${at}, ${op.op}: ${error.message}`);
      throw error;
    }
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** Runs the ops of a trace, one after the other. */
import { SegmentationFault } from '../../src/user/libaio.ts';
import { Names } from './names.ts';
import { OPS } from './ops.ts';
import type { System } from './system.ts';
import { type Answer, TraceError, type TraceOp } from './trace.ts';

/** Answers with the answers of the first round, and with how many rounds answered like it. */
function repeat(system: System, names: Names, op: TraceOp): Answer {
  const round = (): Answer[] => (op.body ?? []).map((step) => runOp(system, names, step));
  const first = round();
  let alike = 1;
  for (let i = 1; i < (op.times ?? 1); i++) if (JSON.stringify(round()) === JSON.stringify(first)) alike++;
  return { alike, first };
}

export const OP_NAMES: readonly string[] = [...Object.keys(OPS), 'repeat'];

function runOp(system: System, names: Names, op: TraceOp): Answer {
  if (op.op === 'repeat') return repeat(system, names, op);
  const run = OPS[op.op];
  if (run === undefined) throw new TraceError(`there is no op ${op.op}`);
  names.beginStep();
  try {
    return run(system, names, op);
  } catch (error) {
    // The process touched what is not mapped, such as the ring of a context that is gone.
    if (error instanceof SegmentationFault) return { ret: 'SIGSEGV' };
    throw error;
  }
}

/** @param answered - hears each answer @throws TraceError if the trace cannot be run anywhere */
export function runOps(ops: readonly TraceOp[], system: System, answered: (answer: Answer) => void): void {
  const names = new Names(system);
  for (const op of ops) answered(runOp(system, names, op));
}

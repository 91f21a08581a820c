// SPDX-License-Identifier: GPL-2.0-only
/**
 * Records what the host's kernel answers, as the expectations of a trace.
 *
 * Each trace is run twice: one whose answers are not the same both times is no test of anything. What v3.17 answers is
 * not recorded: it cannot be asked.
 */
import { readFileSync } from 'node:fs';
import { appliesToKernel } from './judge/compare.ts';
import type { Kernel, KernelFacts } from './kernel/kernel.ts';
import { AIO_MAX_NR } from './kernel/turns.ts';
import type { TraceFile } from './trace/file.ts';
import type { Answer } from './trace/kinds.ts';
import { opInWords } from './trace/op_words.ts';
import { folded, same, stepsOf } from './trace/steps.ts';
import { type Trace, TraceError, type TraceOp } from './trace/trace.ts';

/** What says nothing is left out: no events where none came, no word of the user's variable where it was set. */
function worthRecording(answer: Answer): Answer | null {
  const { events, ctxp_unchanged, ...rest } = answer;
  const kept = {
    ...rest,
    ...(ctxp_unchanged === true && { ctxp_unchanged }),
    ...(Array.isArray(events) && events.length > 0 && { events }),
  };
  return Object.keys(kept).length === 0 ? null : kept;
}

function withExpectation({ expect: _, ...op }: TraceOp, answer: Answer): TraceOp {
  const expect = worthRecording(answer);
  return expect === null ? op : { ...op, expect };
}

/** @returns the trace with its expectations, or why it has none */
async function recordTrace(trace: Trace, kernel: Kernel, facts: KernelFacts): Promise<Trace | string> {
  if (!appliesToKernel(trace)) return 'it is not about the kernels of today';
  if (trace.possible_cpus !== undefined && trace.possible_cpus !== facts.possibleCpus) {
    return `it is for ${trace.possible_cpus} possible CPUs, this host has ${facts.possibleCpus}`;
  }
  const first = await kernel.run(trace);
  const unknown = first.skipped ?? first.unproven;
  if (unknown !== undefined) return unknown;
  if (first.complaints.length > 0) throw new TraceError(`${trace.id}: ${first.complaints[0]}`);
  const second = await kernel.run(trace);
  const changed = first.answers.findIndex((answer, i) => !same(answer, second.answers[i]));
  const step = [...stepsOf(trace.ops)][changed];
  if (step !== undefined) {
    throw new TraceError(`${trace.id}: op ${step.at}, ${opInWords(step.op)}, answers otherwise the second time`);
  }
  const answers = folded(trace.ops, first.answers);
  return { ...trace, ops: trace.ops.map((each, i) => withExpectation(each, answers[i] ?? {})) };
}

/** @param tell - hears of traces that stay as they are @throws TraceError */
export async function record(
  file: TraceFile,
  kernel: Kernel,
  facts: KernelFacts,
  tell: (line: string) => void,
): Promise<TraceFile> {
  const traces: Trace[] = [];
  for (const trace of file.traces) {
    const recorded = await recordTrace(trace, kernel, facts);
    if (typeof recorded === 'string') tell(`${trace.id} stays as it is: ${recorded}`);
    traces.push(typeof recorded === 'string' ? trace : recorded);
  }
  const env = {
    ...file.meta.env,
    possible_cpus: facts.possibleCpus,
    aio_max_nr: Number(readFileSync(AIO_MAX_NR, 'utf8')),
  };
  return { ...file, meta: { ...file.meta, recorded_on: facts.release, env }, traces };
}

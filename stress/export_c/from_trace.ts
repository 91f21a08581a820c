// SPDX-License-Identifier: GPL-2.0-only
/** A recorded trace as a C program: its steps one after the other, each followed by what is expected of it. */
import type { Answer } from '../conformance/trace/kinds.ts';
import type { BasicOp, Repeat, Trace, TraceOp } from '../conformance/trace/trace.ts';
import { cString, ExportError } from './c_text.ts';
import { programText } from './program.ts';
import { expectations } from './trace_answers.ts';
import { STEPS } from './trace_steps.ts';

/** Kernel on which what a trace expects was recorded. */
const RECORDED_ON = 'v6.18';

/** All steps, those of a repeat's body among them. */
const allOps = (ops: readonly TraceOp[]): BasicOp[] =>
  ops.flatMap((op) => (op.op === 'repeat' ? allOps(op.body) : [op]));

/** `io_getevents c min_nr=1 nr=4` */
function stepText(step: BasicOp, label: string): string {
  const { op, ctx, nr_events, min_nr, nr, iocb, iocbs, fd, buf, file }: Readonly<Record<string, unknown>> = { ...step };
  const list = Array.isArray(iocbs) ? iocbs.join(' ') : typeof iocbs === 'string' ? iocbs : undefined;
  const args = Object.entries({ nr_events, min_nr, nr, iocb, iocbs: list, fd, buf, file });
  const said = args.filter(([, value]) => value !== undefined).map(([key, value]) => `${key}=${String(value)}`);
  return [`step ${label}: ${op}`, ...(ctx === undefined ? [] : [ctx]), ...said].join(' ');
}

/** A run of the same steps, each of which answers as in the first round; if later ones do not, only that is checked. */
function repeated({ times, body }: Repeat, label: string, expect: Answer): string[] {
  const first = (expect['first'] ?? []) as readonly Answer[];
  const every = expect['alike'] === undefined || expect['alike'] === times;
  const inner = body.flatMap((one, i) => stepLines(one, `${label}.${i}`, first[i] ?? {}, every));
  return [`for (int round = 0; round < ${times}; round++) {`, ...inner.map((line) => `\t${line}`), '}'];
}

function stepLines(op: TraceOp, label: string, expected: Answer, every = true): string[] {
  if (op.op === 'repeat') return repeated(op, label, expected);
  const does = STEPS[op.op] as (step: BasicOp) => string[];
  // The process of the trace touches what is not mapped, and takes no harm; this one would die.
  if (expected['ret'] === 'SIGSEGV') return [];
  const checks = expectations(op.op, expected);
  const guarded = every ? checks : ['if (round == 0) {', ...checks.map((line) => `\t${line}`), '}'];
  return [`step(${cString(stepText(op, label))});`, ...does(op), ...(checks.length === 0 ? [] : guarded)];
}

/** Some failures are arranged for the call that follows, and taken back. */
function allLines(ops: readonly TraceOp[]): string[] {
  let tight = false;
  return ops.flatMap((op, i) => {
    if (op.op === 'fault' && op.ring_mmap === true) {
      tight = true;
      return [];
    }
    const lines = stepLines(op, String(i), op.expect ?? {});
    if (!tight) return lines;
    tight = false;
    const [step = '', ...rest] = lines;
    // What the step itself needs must be there before.
    return [step, 'allocate(64);', 'refuse_mappings();', rest[0] ?? '', 'allow_mappings();', ...rest.slice(1)];
  });
}

/** @param cpus - possible CPUs of the machine on which it was recorded @throws ExportError */
export function traceProgram(trace: Trace, cpus: number, commit: string): string {
  if (!trace.applies.includes(RECORDED_ON)) {
    throw new ExportError(
      `it is about ${trace.applies.join(', ')} only, and a program needs what ${RECORDED_ON} answers`,
    );
  }
  const ops = allOps(trace.ops);
  const uses = (name: string): boolean => ops.some(({ op }) => op === name);
  const limits = uses('aio_max_nr');
  const begin = ['go_to_cpu(0);', ...(uses('aio_nr') || limits ? [`aio_nr_before = limit_of(AIO_NR);`] : [])];
  const lines = [...begin, ...allLines(trace.ops), `return verdict(${trace.possible_cpus ?? cpus});`];
  return programText({
    about: [
      `${trace.id}: ${trace.checks}.`,
      ...(trace.source === undefined ? [] : [`The case is from ${trace.source}.`]),
      ...(trace.note === undefined ? [] : [trace.note]),
      '',
      `Does the steps of this trace, and compares each answer with that of ${RECORDED_ON} on ` +
        `${trace.possible_cpus ?? cpus} possible CPUs. Written by kioctx at commit ${commit}.`,
    ],
    source: 'trace.c',
    files: [...new Set(ops.flatMap((op) => (op.op === 'file' ? [op.file] : [])))],
    limits: [],
    body: ['static int run(void)', '{', ...lines.map((line) => `\t${line}`), '}'],
    before: limits ? ['aio_max_nr_before = limit_of(AIO_MAX_NR);'] : [],
    after: limits ? ['set_aio_max_nr(aio_max_nr_before);'] : [],
  });
}

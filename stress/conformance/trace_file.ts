// SPDX-License-Identifier: GPL-2.0-only
/** Files of traces: reading, checking, writing. Whatever is wrong is said as `file:line: what`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../cli/folder.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';
import { ROOT } from '../host/root.ts';
import { OP_NAMES } from './run.ts';
import type { Trace, TraceOp } from './trace.ts';

const FORMAT = 'aio-trace/1';
/** Where the project's own traces are. */
const FOLDER = fileURLToPath(new URL('stress/conformance/traces/', ROOT));

const EXAMPLE = 'stress/conformance/traces/recorded.jsonl';

/** The first line of a file: where it was recorded. */
export interface Meta {
  readonly meta: 1;
  readonly format: string;
  readonly recorded_on?: string;
  readonly env: { readonly possible_cpus: number } & Readonly<Record<string, unknown>>;
}

export interface TraceFile {
  readonly path: string;
  readonly meta: Meta;
  readonly traces: readonly Trace[];
}

const wrong = (path: string, line: number, what: string): UsageError =>
  new UsageError('bad-value', `${path}:${line}: ${what}`);

function parse(path: string, line: number, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(
      path,
      line,
      `this is no JSON (${error instanceof Error ? error.message : error}); each line is an object`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(path, line, `each line is an object, such as {"id":…,"ops":[…]}, not ${text.slice(0, 40)}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function checkMeta(path: string, value: Readonly<Record<string, unknown>>): Meta {
  const { format, env } = value as Partial<Meta>;
  if (format !== FORMAT) {
    throw wrong(path, 1, `the first line has the format ${FORMAT}, not ${JSON.stringify(format) ?? 'none'}`);
  }
  if (!Number.isSafeInteger(env?.possible_cpus)) throw wrong(path, 1, 'env.possible_cpus is a number, here it is none');
  return value as unknown as Meta;
}

function checkOps(path: string, line: number, ops: readonly TraceOp[], at = ''): void {
  ops.forEach(({ op, body }, i) => {
    if (!OP_NAMES.includes(op)) {
      throw wrong(
        path,
        line,
        `op ${at}${i} is '${op}', which there is not; the nearest is ${nearest(String(op), OP_NAMES)[0]}`,
      );
    }
    if (body !== undefined) checkOps(path, line, body, `${at}${i}.`);
  });
}

function checkTrace(path: string, line: number, value: Readonly<Record<string, unknown>>): Trace {
  const { id, ops, applies } = value;
  if (typeof id !== 'string') throw wrong(path, line, 'a trace has an id, here is none');
  if (!Array.isArray(ops)) throw wrong(path, line, `the trace ${id} has no list of ops`);
  if (!Array.isArray(applies))
    throw wrong(path, line, `the trace ${id} does not say in "applies" which kernels it is about`);
  checkOps(path, line, ops as TraceOp[]);
  return value as unknown as Trace;
}

/** Reads a file of traces. @throws UsageError */
export function readTraces(path: string): TraceFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      'bad-value',
      `the traces ${path} cannot be read, ${reasonOf(error)}; type for example --traces ${EXAMPLE}`,
    );
  }
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const meta = checkMeta(path, parse(path, 1, first));
  return { path, meta, traces: rest.map((line, i) => checkTrace(path, i + 2, parse(path, i + 2, line))) };
}

/** The traces that come with the project, file by file. */
export const projectTraces = (): TraceFile[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => readTraces(relative(process.cwd(), join(FOLDER, name))));

/** The traces that the port was held against first. */
export function recorded(): { readonly possible_cpus: number; readonly traces: readonly Trace[] } {
  const { meta, traces } = readTraces(join(FOLDER, 'recorded.jsonl'));
  return { possible_cpus: meta.env.possible_cpus, traces };
}

/** As a file of traces has it. */
export const toLines = ({ meta, traces }: TraceFile): string =>
  [meta, ...traces].map((line) => `${JSON.stringify(line)}\n`).join('');

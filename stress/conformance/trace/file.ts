// SPDX-License-Identifier: GPL-2.0-only
/** Files of traces: reading, checking, writing. Whatever is wrong is said as `file:line: what`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reasonOf } from '../../cli/folder.ts';
import { UsageError } from '../../cli/usage_error.ts';
import { ROOT } from '../../host/root.ts';
import { wrongFields, wrongTrace } from './check.ts';
import { META_FIELDS, type Meta, type Trace } from './trace.ts';

/** Where the project's own traces are. */
const FOLDER = fileURLToPath(new URL('stress/conformance/traces/', ROOT));

const EXAMPLE = 'stress/conformance/traces/recorded.jsonl';

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
  const what = wrongFields(value, META_FIELDS, '', 'the first line');
  if (what !== null) throw wrong(path, 1, what);
  return value as unknown as Meta;
}

function checkTrace(path: string, line: number, value: Readonly<Record<string, unknown>>): Trace {
  const what = wrongTrace(value);
  if (what !== null) throw wrong(path, line, what);
  return value as unknown as Trace;
}

/** A name twice would make it unclear which trace is meant. */
function checkIds(path: string, traces: readonly Trace[]): void {
  const lines = new Map<string, number>();
  for (const [i, { id }] of traces.entries()) {
    const other = lines.get(id);
    if (other !== undefined)
      throw wrong(path, i + 2, `the id '${id}' is that of line ${other}; each trace has its own`);
    lines.set(id, i + 2);
  }
}

/** Reads a file of traces. @param hint - what to type where it cannot be read @throws UsageError */
export function readTraces(path: string, hint = `type for example --traces ${EXAMPLE}`): TraceFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError('bad-value', `the traces ${path} cannot be read, ${reasonOf(error)}; ${hint}`);
  }
  const [first = '', ...rest] = text.trimEnd().split('\n');
  const meta = checkMeta(path, parse(path, 1, first));
  const traces = rest.map((line, i) => checkTrace(path, i + 2, parse(path, i + 2, line)));
  checkIds(path, traces);
  return { path, meta, traces };
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

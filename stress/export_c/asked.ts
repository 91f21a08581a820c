// SPDX-License-Identifier: GPL-2.0-only
/** What a program is asked for: a trace of a file, or a finding's schedule. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../cli/folder.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';
import { wrongTrace } from '../conformance/trace/check.ts';
import type { Trace } from '../conformance/trace/trace.ts';
import { parseScheduleJson } from '../det/schedule/json.ts';
import { checkNames } from '../det/schedule/read.ts';
import type { Schedule } from '../det/schedule/schedule.ts';
import { decodeSchedule, isScheduleString } from '../det/schedule/string.ts';

export type Asked =
  | { readonly kind: 'trace'; readonly trace: Trace; readonly cpus: number }
  | { readonly kind: 'schedule'; readonly schedule: Schedule };

const TYPE = 'type npm run report -- export-c';
/** Names in a sentence; of more, the first. */
const NAMES_MAX = 12;
/** Possible CPUs where a file does not say on how many it was recorded. */
const CPUS = 2;

const refused = (what: string): UsageError => new UsageError('bad-value', what);

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  return names.slice(0, NAMES_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

interface Line {
  readonly ops?: unknown;
  readonly env?: { readonly possible_cpus?: number };
}

/** The objects of a file of JSON, or of JSON lines; null if it is neither. */
function linesOf(text: string): Line[] | null {
  try {
    return [JSON.parse(text) as Line];
  } catch {
    // JSON lines, perhaps.
  }
  try {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  } catch {
    return null;
  }
}

function traceOf(path: string, lines: readonly Line[], id: string | null): Asked {
  const traces = lines.filter(({ ops }) => Array.isArray(ops)) as unknown as Trace[];
  const ids = traces.map((trace) => trace.id);
  const cpus = lines.find(({ env }) => env !== undefined)?.env?.possible_cpus ?? CPUS;
  if (traces.length === 0) {
    throw refused(`'${path}' has no traces; a trace file has one on each line, ${TYPE} FILE.jsonl#ID`);
  }
  if (id === null && traces.length > 1) {
    throw refused(`'${path}' has ${traces.length} traces: ${listed(ids)}; ${TYPE} ${path}#${ids[0]}`);
  }
  const trace = id === null ? traces[0] : traces.find((one) => one.id === id);
  if (trace === undefined) {
    const like = nearest(id ?? '', ids)[0];
    throw refused(`'${path}' has no trace '${id}', it has ${listed(ids)}; ${TYPE} ${path}#${like}`);
  }
  const wrong = wrongTrace({ ...trace });
  if (wrong !== null) throw refused(`${path}:${lines.indexOf(trace as unknown as Line) + 1}: ${wrong}`);
  return { kind: 'trace', trace, cpus };
}

/** Says of a schedule what is wrong with it, in words that fit here. */
function scheduleOf(read: () => Schedule, what: string): Asked {
  try {
    return { kind: 'schedule', schedule: read() };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw refused(error.message.replace(/^--replay: the schedule/, `the schedule ${what}`));
  }
}

/** Findings of a run that have a schedule. */
function findingsOf(run: string): string[] {
  const folder = join(run, 'findings');
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.map((name) => join(folder, name)).filter((path) => existsSync(join(path, 'schedule.json')));
}

function fromFolder(folder: string): Asked {
  const schedule = join(folder, 'schedule.json');
  if (existsSync(schedule)) return fromFile(schedule, null);
  if (existsSync(join(folder, 'report.txt'))) {
    throw refused(
      `the finding '${folder}' has no schedule, and only those have one that the deterministic engine found or ` +
        'explained; type npm run stress -- --engine det, or give --explain-seconds more time',
    );
  }
  const findings = findingsOf(folder);
  if (findings.length === 0) {
    throw refused(
      `'${folder}' is no finding, and has none with a schedule; ${TYPE} and a folder reports/RUN/findings/NNN-…, a ` +
        'schedule.json, or FILE.jsonl#ID for a trace',
    );
  }
  const [first] = findings;
  throw refused(`'${folder}' is a run, and one of its findings is needed: ${listed(findings)}; ${TYPE} ${first}`);
}

function fromFile(path: string, id: string | null): Asked {
  // A finding's report stands beside its schedule.
  if (basename(path) === 'report.txt') return fromFolder(dirname(path));
  const text = readFileSync(path, 'utf8');
  const lines = linesOf(text);
  if (lines === null) {
    throw refused(`'${path}' is neither a trace nor a schedule; ${TYPE} FILE.jsonl#ID, or a finding's schedule.json`);
  }
  const first = lines[0] as Line & { readonly decisions?: unknown };
  if (lines.length === 1 && first.ops === undefined && first.decisions !== undefined) {
    return scheduleOf(() => checkNames(parseScheduleJson(text)), `'${path}'`);
  }
  return traceOf(path, lines, id);
}

/** @param what - FILE.jsonl#ID, a file with one trace, a finding's folder or file, or a schedule @throws UsageError */
export function readAsked(what: string): Asked {
  if (isScheduleString(what)) return scheduleOf(() => checkNames(decodeSchedule(what)), 'that was typed');
  const hash = what.lastIndexOf('#');
  const [path, id] = hash < 0 || existsSync(what) ? [what, null] : [what.slice(0, hash), what.slice(hash + 1)];
  try {
    return statSync(path).isDirectory() ? fromFolder(path) : fromFile(path, id);
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error && 'code' in error)) throw error;
    throw refused(
      `'${path}' cannot be read (${codeOf(error)}); ${TYPE} and a folder reports/RUN/findings/NNN-…, ` +
        'a schedule.json, or FILE.jsonl#ID for a trace',
    );
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * The interleaving of a finding, as the messages of commits draw it: a column for each CPU, a step a line.
 *
 * The schedule is run twice more: once to see what the finding is about and which steps tell of it, once for the stacks
 * of those.
 */
import { type OopsRecord, roleOf } from '../../../src/kernel/oops.ts';
import { type ArgumentKind, argumentsOf, syscallOf } from '../../../src/trace/events.ts';
import type { Diagram, DiagramRow, Explanation } from '../../result/explanation.ts';
import type { Pool } from '../../round/pool.ts';
import { sourceFrame } from '../../round/source_lines.ts';
import { subjectIndex } from '../../scenarios/known.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { encodeSchedule } from '../schedule/string.ts';
import { aioFunction, siteOf } from './c_functions.ts';
import { isAccess, type Recording, recordSchedule, type Step } from './recording.ts';
import { tellingSteps } from './selection.ts';
import { isPageStruct, type RingPage, type Subject, subjectOf } from './subject.ts';
import type { Told } from './told.ts';
import { most } from './trimming.ts';
import {
  type Names,
  type NoteText,
  namePages,
  nameThings,
  noteWording,
  objectName,
  ringPageAt,
  runWording,
  wording,
} from './wording.ts';

const ROWS_MAX = 40;
/** On the stack of what gives an object back. */
const FREES = /^kmem_cache_free \(/m;
const IN_USER_SPACE = /\((src\/user|workers)\//;

/** The finding that a schedule is told for, and its number on record. */
function findingOf(schedule: Schedule, { result }: Recording): { finding: OopsRecord; number: number } {
  const number = subjectIndex(result.records, schedule, result.operations);
  const finding = result.records[number];
  if (finding === undefined) throw new Error('this schedule ends without a finding: there is nothing to tell');
  return { finding, number };
}

/** Arguments of notes that get a name, by what they are called. */
const SORTS: Partial<Record<ArgumentKind, 'iocb' | 'request' | 'buffer'>> = {
  iocb: 'iocb',
  iocb_argument: 'iocb',
  request: 'request',
  user: 'buffer',
  buffer: 'buffer',
};

/** The names of what the rows speak of. */
function namesFor(told: readonly Told[], subject: Subject): Names {
  const pages = new Set<RingPage>();
  const sorts = { iocb: new Set<number>(), request: new Set<number>(), buffer: new Set<number>() };
  const byStruct = new Map([...subject.ringPages.values()].map((page) => [page.struct, page]));
  const speak = (page: RingPage | undefined): void => {
    if (page !== undefined) pages.add(page);
  };
  for (const { step, copiedFrom, times } of told) {
    speak(copiedFrom);
    if (step.note !== null) {
      if (times > 1) continue;
      for (const { kind, value } of argumentsOf(step.note)) {
        const sort = SORTS[kind];
        if (sort !== undefined) sorts[sort].add(value >>> 0);
      }
      continue;
    }
    speak(ringPageAt(subject, step.addr));
    const place = subject.placeOf(step.addr);
    if (isPageStruct(place)) speak(byStruct.get(place.base));
    if (place.field.startsWith('ring_pages[')) {
      speak(byStruct.get(step.before));
      speak(byStruct.get(step.after));
    }
  }
  const wrong = told.find(({ truth, step }) => truth && ringPageAt(subject, step.addr) !== undefined);
  const old = wrong === undefined ? undefined : ringPageAt(subject, wrong.step.addr);
  return { pages: namePages([...pages], old), things: nameThings(sorts) };
}

/** Why a CPU stopped that ran before step `n`. */
function stopped(steps: readonly Step[], cpu: number, n: number, subject: Subject): string {
  const last = steps.findLast(
    (step) => step.n < n && step.cpu === cpu && step.kind !== 'trace' && step.kind !== 'land',
  );
  if (last === undefined || isAccess(last)) return 'preempted';
  if (last.kind === 'leave' || last.kind === 'wait') return 'done';
  if (last.addr === 0) return 'pauses';
  const place = subject.placeOf(last.addr);
  if (place.lock !== '') return `sleeps on ${place.lock}`;
  const calls = steps.flatMap((step) =>
    step.n < n && step.cpu === cpu && step.note !== null ? [syscallOf(step.note)] : [],
  );
  const call = calls.findLast((one) => one !== null);
  return call === undefined || call === null || call.returns ? 'sleeps' : `sleeps in ${call.name}()`;
}

/** A note whose function is one of fs/aio.c stands in a row of that; the words of any other say whose step it is. */
function noteRow({ who, text }: NoteText): { text: string; linux: string } {
  const linux = aioFunction(who);
  return { linux, text: linux !== '' || who === '' ? text : `${who}: ${text}` };
}

/** The page of the ring that a step is in, or whose pointer it is about. */
function pageSpokenOf(step: Step, subject: Subject): number | undefined {
  const page = ringPageAt(subject, step.addr);
  if (page !== undefined) return page.base;
  if (!subject.placeOf(step.addr).field.startsWith('ring_pages[')) return undefined;
  return [...subject.ringPages.values()].find(({ struct }) => struct === step.after)?.base;
}

function rowsOf(told: readonly Told[], recording: Recording, subject: Subject): DiagramRow[] {
  const names = namesFor(told, subject);
  const rows: DiagramRow[] = [];
  let before: Step | undefined;
  // What a CPU reads again and again while it runs is told once.
  let read = new Set<string>();
  let spoken: number | undefined;
  const first = recording.steps[0]?.n ?? 0;
  for (const one of told) {
    const { step, truth, times, until, frees, note } = one;
    const { cpu } = step;
    if (step.kind === 'land') {
      // Whoever runs goes on running meanwhile.
      const text = wording(one, subject, names);
      if (rows.at(-1)?.text !== text) rows.push({ cpu, text, site: '', linux: '', switched: '', truth });
      continue;
    }
    const switched =
      before === undefined || before.cpu === cpu ? '' : stopped(recording.steps, before.cpu, step.n, subject);
    const row = { cpu, switched, truth };
    if (switched !== '') {
      read = new Set();
      spoken = undefined;
    }
    if (step.note !== null) {
      const last = until.note ?? step.note;
      const words = times === 1 ? noteWording(step.note, subject, names) : runWording(step.note, last, times);
      rows.push({ ...row, ...noteRow(words), site: '' });
    } else {
      const stack = recording.steps[step.n - first]?.stack ?? '';
      if (frees && !FREES.test(stack)) continue;
      const { site, linux } = siteOf(stack);
      const text = frees
        ? `frees ${objectName(step.after >>> 0, subject)}`
        : wording(one, subject, { ...names, spoken });
      spoken = pageSpokenOf(step, subject) ?? spoken;
      if (step.kind !== 'load') read.clear();
      const again = !truth && (read.has(text) || (switched === '' && rows.at(-1)?.text === text));
      if (step.kind === 'load') read.add(text);
      if (again) continue;
      const who = linux === '' && IN_USER_SPACE.test(site) ? 'user: ' : '';
      rows.push({ ...row, text: who + text + note, site, linux });
    }
    before = step;
  }
  return rows;
}

/** The row of the finding itself. */
function found(finding: OopsRecord, recording: Recording, last: Step | undefined, subject: Subject): DiagramRow {
  const { cpu, title, where } = finding;
  const end = (recording.steps.at(-1)?.n ?? 0) + 1;
  const elsewhere = cpu >= 0 && last !== undefined && last.cpu !== cpu;
  return {
    cpu,
    text: /^(BUG|WARNING|KASAN|INFO)\b/.test(title) ? title : `BUG: ${title}`,
    site: sourceFrame(finding.stack[0] ?? ''),
    linux: aioFunction(where.replace(/_before$/, '')),
    switched: elsewhere ? stopped(recording.steps, last.cpu, end, subject) : '',
    truth: true,
  };
}

/** Hand-overs of CPUs that could have gone on. */
function preemptions(steps: readonly Step[]): number {
  const own = steps.filter(({ kind }) => kind !== 'land');
  return own.filter((step, i) => {
    const before = own[i - 1];
    return before !== undefined && before.cpu !== step.cpu && (isAccess(before) || before.kind === 'trace');
  }).length;
}

function diagramOf(
  recording: Recording,
  told: readonly Told[],
  all: number,
  subject: Subject,
  finding: OopsRecord,
): Diagram {
  const rows = [...rowsOf(told, recording, subject), found(finding, recording, told.at(-1)?.step, subject)];
  const cpus = [...new Set(rows.map(({ cpu }) => cpu))].filter((cpu) => cpu >= 0).sort((a, b) => a - b);
  return { columns: cpus.map((cpu) => ({ cpu, role: roleOf(cpu) })), rows, leftOut: all - told.length };
}

/**
 * Tells how the finding of a schedule comes about.
 * @param pool - a deterministic one that the schedule fits
 * @throws if the schedule has no finding, or does not come out the same each time
 */
export async function explain(pool: Pool, schedule: Schedule): Promise<Explanation> {
  const seen = await recordSchedule(pool, schedule);
  const { finding, number } = findingOf(schedule, seen);
  const subject = subjectOf(finding, seen.steps, pool.threads);
  const all = tellingSteps(seen.steps, subject, finding, number);
  const told = most(all, ROWS_MAX - 1);
  const wanted = told.filter(({ step }) => isAccess(step)).map(({ step }) => step.ordinal);
  const again = await recordSchedule(pool, schedule, wanted);
  if (again.result.hash !== seen.result.hash) throw new Error('this schedule does not come out the same twice');
  return {
    schedule: encodeSchedule(schedule),
    steps: seen.result.steps,
    preemptions: preemptions(seen.steps),
    memory: schedule.memory,
    diagram: diagramOf(again, told, all.length, subject, finding),
  };
}

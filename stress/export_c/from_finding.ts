// SPDX-License-Identifier: GPL-2.0-only
/** A finding's schedule as a C program: what user space did, thread by thread, in the order of the schedule. */
import { Prng } from '../../src/arch/sab/prng.ts';
import { FIXES, type Slug } from '../../src/reverts/registry.ts';
import { QUOTA_FOR_EACH } from '../../workers/protocol.ts';
import { recordSchedule } from '../det/explain/recording.ts';
import { poolOf, scenarioOf } from '../det/replay.ts';
import type { Schedule } from '../det/schedule/schedule.ts';
import { encodeSchedule } from '../det/schedule/string.ts';
import { subjectIndex } from '../scenarios/known.ts';
import { ExportError } from './c_text.ts';
import { type Act, type Acts, actsOf, type Deed } from './finding_ops.ts';
import { type Await, awaits } from './order.ts';
import { programText } from './program.ts';

/** What is done by whom. */
interface Play {
  readonly acts: Acts;
  readonly schedule: Schedule;
  /** Whether there is quota for one context of each thread only. */
  readonly scarce: boolean;
  /** Whether what the device has not done is cancelled: then it must be a request that can be. */
  readonly cancels: boolean;
}

const KINDS = { inline: 'i', device: 'd', refused: 'i' } as const;

/** The kinds of a batch's requests, as the shortest text that repeats. */
function kindsOf(deed: Deed & { kind: 'submit' }, cancels: boolean): string {
  const text = deed.requests.map((kind) => (cancels && kind === 'device' ? 'p' : KINDS[kind])).join('');
  return /^(.)\1*$/.test(text) ? (text[0] as string) : text;
}

function statement(deed: Deed, { scarce, cancels }: Play): string {
  switch (deed.kind) {
    case 'setup':
      return `setup(${deed.context}, ${scarce ? 'quota_for_one()' : `${deed.nr >>> 0}u`})`;
    case 'destroy':
      return `destroy(${deed.context})`;
    case 'submit':
      return `submit(${deed.context}, ${deed.requests.length}, "${kindsOf(deed, cancels)}")`;
    case 'getevents':
      return `getevents(${deed.context}, ${deed.min}, ${deed.nr})`;
    case 'cancel':
      return `cancel(${deed.context})`;
    case 'reap':
      return `reap(${deed.context}, ${deed.events})`;
    case 'scribble':
      return `scribble(${deed.context}, ${deed.word}, ${deed.value}u)`;
    case 'migrate':
      return 'compact_memory()';
    default:
      throw new Error('the end of a process is no step');
  }
}

const ROLE_OF = (schedule: Schedule, cpu: number): string => schedule.roles[cpu] ?? 'kworker';

const contextOf = ({ deed }: Act): number => ('context' in deed ? deed.context : -1);

/** The contexts that one thread uses. */
function privateContexts({ acts }: Acts): number[] {
  const users = new Map<number, Set<number>>();
  for (const act of acts) users.set(contextOf(act), (users.get(contextOf(act)) ?? new Set()).add(act.cpu));
  return [...users].filter(([context, cpus]) => context >= 0 && cpus.size === 1).map(([context]) => context);
}

/** Declarations that do a thread's acts: processes that end, and the thread. @param threads - CPUs, by thread number */
function threadText(play: Play, threads: readonly number[], cpu: number): string[] {
  const own = play.acts.acts.filter((act) => act.cpu === cpu);
  const waits = awaits(play.acts.acts, cpu);
  const alone = new Set(privateContexts(play.acts));
  const number = threads.indexOf(cpu);
  const processes: string[] = [];
  let steps: string[] = [];
  let made: number[] = [];
  own.forEach((act, i) => {
    const orders = (waits[i] as Await[]).map(
      ({ cpu: other, what, steps: n }) => `await_${what}(${threads.indexOf(other)}, ${n});`,
    );
    if (act.deed.kind === 'exit') {
      const name = `process_${number}_${processes.length}`;
      processes.push([`static void ${name}(void)`, '{', ...steps.map((line) => `\t${line}`), '}'].join('\n'), '');
      const gone = made.map((context) => `process_is_gone(${context});`);
      steps = [...orders, `in_process(${name});`, ...gone];
      made = [];
      return;
    }
    const text = statement(act.deed, play);
    steps.push(...orders, threads.length > 1 ? `do_step(${number}, ${text});` : `${text};`);
    if (act.deed.kind !== 'setup') return;
    made.push(act.deed.context);
    if (alone.has(act.deed.context)) steps.push(`books->contexts[${act.deed.context}].private = true;`);
  });
  if (play.scarce) {
    steps.push(
      '/* What was destroyed is given back: there is quota again. */',
      `setup(${play.acts.contexts}, quota_for_one());`,
    );
  }
  const body = ['\t(void)unused;', ...steps.map((line) => `\t${line}`), '\treturn NULL;'];
  return [
    ...processes,
    `/* CPU ${cpu}, the ${ROLE_OF(play.schedule, cpu)}. */`,
    `static void *thread_${number}(void *unused)`,
    '{',
    ...body,
    '}',
    '',
  ];
}

function playText(threads: readonly number[]): string[] {
  if (threads.length === 1) return ['static void play(void)', '{', '\tthread_0(NULL);', '}'];
  return [
    'static void play(void)',
    '{',
    `\tpthread_t threads[THREADS];`,
    '',
    ...threads.map((_, i) => `\tstart(&threads[${i}], thread_${i});`),
    '\tfor (int i = 0; i < THREADS; i++)',
    '\t\tpthread_join(threads[i], NULL);',
    '}',
  ];
}

const ORDER =
  'Threads wait for each other where its order of system calls demands that; what happens inside the kernel is the ' +
  "kernel's own. So a round may or may not meet the race on a kernel without the fix; one with it must always pass.";

function about({ schedule, acts, cancels }: Play, title: string, commit: string): string[] {
  const fixes = schedule.reverted.map((slug) => {
    const { commit: id, subject, fixedIn, symptom } = FIXES[slug as Slug];
    return `Fixed by ${id} ("${subject}") in ${fixedIn}; before it, ${symptom}.`;
  });
  return [
    `${title}.`,
    ...(fixes.length > 0 ? fixes : ['The build has every fix that the port knows.']),
    '',
    `What user space does is from a schedule of ${schedule.scenario} that shows this in kioctx. ${ORDER}`,
    ...(cancels ? ['A request that is cancelled is a poll of a pipe.'] : []),
    ...(acts.leftOut > 0 ? [`Left out: ${acts.leftOut} system calls that failed, or on what is no context.`] : []),
    '',
    `Written by kioctx at commit ${commit} from`,
    `  npm run stress -- --replay ${encodeSchedule(schedule)}`,
    'A second argument is the number of rounds, 20 if there is none.',
  ];
}

/** Runs the schedule once more, and writes down what user space does. @throws ExportError if it shows nothing */
export async function findingProgram(schedule: Schedule, commit: string): Promise<string> {
  const pool = poolOf(schedule);
  try {
    const { result, steps } = await recordSchedule(pool, schedule);
    const number = subjectIndex(result.records, schedule, result.operations);
    const finding = result.records[number];
    if (finding === undefined) {
      throw new ExportError(
        'its schedule does not lead to a finding on this version; check out the commit that wrote it',
      );
    }
    const acts = actsOf(steps, number);
    const { aioMaxNr } = scenarioOf(schedule).draw(new Prng(schedule.seed));
    const all = acts.acts.map(({ deed }) => deed);
    const play: Play = {
      acts,
      schedule,
      scarce: aioMaxNr === QUOTA_FOR_EACH,
      cancels: all.some(({ kind }) => kind === 'cancel'),
    };
    const threads = [...new Set(acts.acts.map(({ cpu }) => cpu))].sort((a, b) => a - b);
    if (threads.length === 0) throw new ExportError('user space does nothing in its schedule that a program could do');
    const requests = all.reduce((sum, deed) => sum + (deed.kind === 'submit' ? deed.requests.length : 0), 0);
    const limits = [
      `#define CONTEXTS ${acts.contexts + (play.scarce ? threads.length : 0)}`,
      `#define REQUESTS ${Math.max(1, requests)}`,
      `#define THREADS ${threads.length}`,
    ];
    return programText({
      about: about(play, finding.title, commit),
      source: 'finding.c',
      files: ['disk'],
      limits,
      body: [
        ...threads.flatMap((cpu) => threadText(play, threads, cpu)),
        ...playText(threads),
        '',
        'static int run(void)',
        '{',
        '\treturn repeat(play);',
        '}',
      ],
      before: [
        'if (argc > 2)',
        '\trounds = atoi(argv[2]);',
        ...(all.some(({ kind }) => kind === 'migrate') ? ['need_compaction();'] : []),
      ],
      after: [],
    });
  } finally {
    await pool.close();
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** What user space did in a recorded schedule, from its trace points: the system calls of each thread, and the rest. */
import { kioctx } from '../../src/fs/aio/kioctx.ts';
import type { Step } from '../det/full_recording.ts';

/** A context: one io_setup() that succeeded. They are numbered in the order of their making. */
interface Context {
  readonly handle: number;
  /** Step at which io_setup() returned. */
  readonly since: number;
}

/** A request of a batch: done inside io_submit(), by the device, or not accepted and hence unknown. */
export type RequestKind = 'inline' | 'device' | 'refused';

export type Deed =
  | { readonly kind: 'setup'; readonly context: number; readonly nr: number }
  | { readonly kind: 'destroy'; readonly context: number }
  | { readonly kind: 'submit'; readonly context: number; readonly requests: readonly RequestKind[] }
  | { readonly kind: 'getevents'; readonly context: number; readonly min: number; readonly nr: number }
  | { readonly kind: 'cancel'; readonly context: number }
  | { readonly kind: 'reap'; readonly context: number; readonly events: number }
  | { readonly kind: 'scribble'; readonly context: number; readonly word: number; readonly value: number }
  | { readonly kind: 'migrate' }
  | { readonly kind: 'exit' };

/** Something that a thread did, from one step of the recording to another. */
export interface Act {
  readonly cpu: number;
  readonly start: number;
  /** Infinity if the finding came first. */
  readonly end: number;
  readonly deed: Deed;
}

export interface Acts {
  /** By when they began. */
  readonly acts: readonly Act[];
  readonly contexts: number;
  /** Calls that are not among the acts: on what is no context. */
  readonly leftOut: number;
}

const NUMBER = /-?(?:0x[0-9a-f]+|\d+)/g;
/** The numbers of a trace point's words, its name left out. */
const numbersIn = (text: string): number[] =>
  (text.replace(/^.*\n/, '').match(NUMBER) ?? []).map((word) => Number(word));
const nameOf = ({ text }: Step): string => text.split('\n')[0] as string;

const BEGINS =
  /^(sys_io_(?:setup|destroy|submit|getevents|cancel)|user_reap|user_scribble|migrate_copy|migrate_fail|exit_aio)$/;

/** The step at which what began comes to its end; undefined if the recording ends first. */
function endOf(steps: readonly Step[], from: number, name: string): Step | undefined {
  const { cpu } = steps[from] as Step;
  if (name.startsWith('sys_')) return steps.slice(from).find((s) => s.cpu === cpu && nameOf(s) === `${name}_done`);
  if (name === 'migrate_copy') {
    return steps.slice(from).find((s) => s.cpu === cpu && /^migrate_(done|fail)$/.test(nameOf(s)));
  }
  return name === 'exit_aio' ? undefined : steps[from];
}

/** What a call returned, when it did. */
const returned = (end: Step | undefined): number | null => {
  const [, word = ''] = / = (\S+)/.exec(end?.text ?? '') ?? [];
  return word === '' ? null : word.startsWith('-E') ? -1 : Number(word);
};

/** The handle that an io_setup() stored. */
function handleOf(steps: readonly Step[], start: number, end: number, cpu: number): number {
  const own = steps.filter((step) => step.cpu === cpu && step.n > start && step.n < end);
  const made = own.find((step) => step.kind === 'trace' && nameOf(step) === 'ioctx_alloc');
  const at = (numbersIn(made?.text ?? '')[0] ?? 0) + kioctx.offsetof.user_id;
  return (own.findLast(({ kind, addr }) => kind === 'store' && addr === at)?.after ?? 0) >>> 0;
}

/** The requests of an io_submit(): those that were accepted are seen on their way. */
function requestsOf(traces: readonly Step[], start: number, end: number, cpu: number, nr: number): RequestKind[] {
  const seen = traces.flatMap((step): RequestKind[] => {
    if (step.cpu !== cpu || step.n < start || step.n > end) return [];
    const name = nameOf(step);
    return name === 'aio_complete' ? ['inline'] : name === 'device_queue' ? ['device'] : [];
  });
  return Array.from({ length: Math.max(0, nr) }, (_, i) => seen[i] ?? 'refused');
}

/** What a call on a context is; `end` is the step at which it returned. */
function deedOf(traces: readonly Step[], step: Step, end: number, context: number): Deed {
  const { cpu, n } = step;
  const [, second = 0, third = 0] = numbersIn(step.text);
  switch (nameOf(step)) {
    case 'sys_io_destroy':
      return { kind: 'destroy', context };
    case 'sys_io_submit':
      return { kind: 'submit', context, requests: requestsOf(traces, n, end, cpu, second) };
    case 'sys_io_getevents':
      return { kind: 'getevents', context, min: second, nr: third };
    case 'sys_io_cancel':
      return { kind: 'cancel', context };
    case 'user_reap':
      return { kind: 'reap', context, events: 1 };
    default:
      return { kind: 'scribble', context, word: second, value: third >>> 0 };
  }
}

/** @param steps - of a recording @param problems - on record before the finding: what comes after it is not told */
export function actsOf(steps: readonly Step[], problems: number): Acts {
  const before = steps.filter(({ oopses }) => oopses <= problems);
  const traces = before.filter(({ kind }) => kind === 'trace');
  const contexts: Context[] = [];
  const acts: Act[] = [];
  let leftOut = 0;
  traces.forEach((step, i) => {
    const name = nameOf(step);
    if (!BEGINS.test(name)) return;
    const { cpu, n: start } = step;
    const done = endOf(traces, i, name);
    const end = done?.n ?? Number.POSITIVE_INFINITY;
    const [first = 0] = numbersIn(step.text);
    const add = (deed: Deed): void => {
      acts.push({ cpu, start, end, deed });
    };
    if (name === 'exit_aio') add({ kind: 'exit' });
    else if (name.startsWith('migrate')) add({ kind: 'migrate' });
    else if (name === 'sys_io_setup' && returned(done) === 0) {
      add({ kind: 'setup', context: contexts.length, nr: first });
      contexts.push({ handle: handleOf(before, start, end, cpu), since: end });
    } else {
      const context = contexts.findLastIndex(({ handle, since }) => handle === first && since <= start);
      if (name === 'sys_io_setup' || context < 0) leftOut++;
      else add(deedOf(traces, step, end, context));
    }
  });
  return { acts: merged(acts), contexts: contexts.length, leftOut };
}

/** Events that a thread reaps one after the other are one act. */
function merged(acts: readonly Act[]): Act[] {
  const all: Act[] = [];
  for (const act of acts) {
    const last = all.at(-1);
    const goesOn =
      last?.deed.kind === 'reap' &&
      act.deed.kind === 'reap' &&
      last.cpu === act.cpu &&
      last.deed.context === act.deed.context;
    if (goesOn && last.deed.kind === 'reap') {
      all[all.length - 1] = { ...last, end: act.end, deed: { ...last.deed, events: last.deed.events + 1 } };
    } else {
      all.push(act);
    }
  }
  return all;
}

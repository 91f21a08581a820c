// SPDX-License-Identifier: GPL-2.0-only
/** What user space did in a recorded schedule, from its trace points: the system calls of each thread, and the rest. */
import { kioctx } from '../../src/fs/aio/kioctx.ts';
import { syscallOf, type TraceNote } from '../../src/trace/events.ts';
import type { Step } from '../det/explain/recording.ts';

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

/** A step that is a note. */
type Noted = Step & { readonly note: TraceNote };
const isNoted = (step: Step): step is Noted => step.note !== null;

/** Whether a note ends what another began. */
function ends({ point }: TraceNote, begun: TraceNote): boolean {
  const call = syscallOf(begun);
  if (call !== null) return point === `sys_${call.name}_done`;
  return begun.point === 'migrate_copy' && (point === 'migrate_done' || point === 'migrate_fail');
}

/** The step at which what began comes to its end; undefined if the recording ends first. */
function endOf(traces: readonly Noted[], from: number): Noted | undefined {
  const begun = traces[from] as Noted;
  const { point } = begun.note;
  if (point === 'exit_aio') return undefined;
  if (point !== 'migrate_copy' && syscallOf(begun.note) === null) return begun;
  return traces.slice(from).find(({ cpu, note }) => cpu === begun.cpu && ends(note, begun.note));
}

/** The handle that an io_setup() stored. */
function handleOf(steps: readonly Step[], start: number, end: number, cpu: number): number {
  const own = steps.filter((step) => step.cpu === cpu && step.n > start && step.n < end);
  const made = own.find(({ note }) => note?.point === 'ioctx_alloc')?.note;
  const at = (made?.point === 'ioctx_alloc' ? made.args.ctx >>> 0 : 0) + kioctx.offsetof.user_id;
  return (own.findLast(({ kind, addr }) => kind === 'store' && addr === at)?.after ?? 0) >>> 0;
}

/** The requests of an io_submit(): those that were accepted are seen on their way. */
function requestsOf(traces: readonly Noted[], start: number, end: number, cpu: number, nr: number): RequestKind[] {
  const seen = traces.flatMap((step): RequestKind[] => {
    if (step.cpu !== cpu || step.n < start || step.n > end) return [];
    const { point } = step.note;
    return point === 'aio_complete' ? ['inline'] : point === 'device_queue' ? ['device'] : [];
  });
  return Array.from({ length: Math.max(0, nr) }, (_, i) => seen[i] ?? 'refused');
}

/** What a note begins that is on a context: the context's handle, and what is done, given where it ends; or null. */
function onContext({ cpu, n, note }: Noted): { handle: number; deed: DeedOn } | null {
  switch (note.point) {
    case 'sys_io_destroy':
      return { handle: note.args.ctx, deed: (context) => ({ kind: 'destroy', context }) };
    case 'sys_io_submit': {
      const { ctx, nr } = note.args;
      return {
        handle: ctx,
        deed: (context, traces, end) => ({ kind: 'submit', context, requests: requestsOf(traces, n, end, cpu, nr) }),
      };
    }
    case 'sys_io_getevents': {
      const { ctx, min, nr } = note.args;
      return { handle: ctx, deed: (context) => ({ kind: 'getevents', context, min, nr }) };
    }
    case 'sys_io_cancel':
      return { handle: note.args.ctx, deed: (context) => ({ kind: 'cancel', context }) };
    case 'user_reap':
      return { handle: note.args.ctx, deed: (context) => ({ kind: 'reap', context, events: 1 }) };
    case 'user_scribble': {
      const { ctx, word, value } = note.args;
      return { handle: ctx, deed: (context) => ({ kind: 'scribble', context, word, value: value >>> 0 }) };
    }
    default:
      return null;
  }
}
type DeedOn = (context: number, traces: readonly Noted[], end: number) => Deed;

/** @param steps - of a recording @param problems - on record before the finding: what comes after it is not told */
export function actsOf(steps: readonly Step[], problems: number): Acts {
  const before = steps.filter(({ oopses }) => oopses <= problems);
  const traces = before.filter(isNoted);
  const contexts: Context[] = [];
  const acts: Act[] = [];
  let leftOut = 0;
  traces.forEach((step, i) => {
    const { cpu, n: start, note } = step;
    const done = endOf(traces, i);
    const end = done?.n ?? Number.POSITIVE_INFINITY;
    const add = (deed: Deed): void => {
      acts.push({ cpu, start, end, deed });
    };
    const on = onContext(step);
    if (note.point === 'exit_aio') add({ kind: 'exit' });
    else if (note.point === 'migrate_copy' || note.point === 'migrate_fail') add({ kind: 'migrate' });
    else if (note.point === 'sys_io_setup') {
      const ret = done?.note.point === 'sys_io_setup_done' ? done.note.args.ret : -1;
      if (ret !== 0) leftOut++;
      else {
        add({ kind: 'setup', context: contexts.length, nr: note.args.nr });
        contexts.push({ handle: handleOf(before, start, end, cpu), since: end });
      }
    } else if (on !== null) {
      const context = contexts.findLastIndex(({ handle, since }) => handle === on.handle >>> 0 && since <= start);
      if (context < 0) leftOut++;
      else add(on.deed(context, traces, end));
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

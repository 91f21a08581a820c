// SPDX-License-Identifier: GPL-2.0-only
/**
 * The trace points: what a CPU notes of its own steps.
 *
 * A note is a number and up to three words. What the words are is declared here, so that whoever reads a note reads
 * fields; only a printer makes text of it.
 */
import { errname } from '../uapi/errno.ts';

const hex = (n: number): string => `0x${(n >>> 0).toString(16)}`;

/** What an argument may be, and how it is printed. */
const PRINTED = {
  /** address of a kioctx */
  kioctx: (n) => `kioctx ${hex(n)}`,
  /** an aio_context_t as an argument of a system call, or as the ring that it is the address of */
  handle: (n) => `ctx=${hex(n)}`,
  ring: (n) => `ring ${hex(n)}`,
  /** user address of an iocb; as an argument of a system call */
  iocb: (n) => `iocb ${hex(n)}`,
  iocb_argument: (n) => `iocb=${hex(n)}`,
  /** address of a device's request */
  request: (n) => `request ${hex(n)}`,
  /** user address of a buffer */
  buffer: (n) => `buffer ${hex(n)}`,
  user: (n) => `user ${hex(n)}`,
  /** address of a struct page */
  page: hex,
  /** address of a work_struct */
  work: (n) => `work ${hex(n)}`,
  mm: (n) => `mm=${hex(n)}`,
  errno: errname,
  u32: (n) => String(n >>> 0),
  s32: (n) => String(n),
  hex,
} as const satisfies Record<string, (n: number) => string>;
export type ArgumentKind = keyof typeof PRINTED;

type Arguments = Readonly<Record<string, ArgumentKind>>;
/** Number of a trace point. */
export type TracePoint<A extends Arguments = Arguments> = number & { readonly args: A };

interface Declared {
  /** The function of the kernel whose step it is, or who takes it; empty where the words say so. */
  readonly who: string;
  /** Arguments stand in braces. */
  readonly text: string;
  readonly args: readonly (readonly [name: string, kind: ArgumentKind])[];
}
const declared: Declared[] = [];
function point<const A extends Arguments>(text: string, args: A, who = ''): TracePoint<A> {
  const number = declared.push({ who, text, args: Object.entries(args) as [string, ArgumentKind][] }) - 1;
  return number as TracePoint<A>;
}
/** A step of a function of the kernel, which its words begin with. */
const step = <const A extends Arguments>(who: string, text: string, args: A): TracePoint<A> => point(text, args, who);

export const TP = {
  sys_io_setup: point('io_setup(nr={nr})', { nr: 'u32' }),
  sys_io_setup_done: point('io_setup = {ret}', { ret: 'errno' }),
  sys_io_destroy: point('io_destroy({ctx})', { ctx: 'handle' }),
  sys_io_destroy_done: point('io_destroy({ctx}) = {ret}', { ret: 'errno', ctx: 'handle' }),
  sys_io_submit: point('io_submit({ctx}, nr={nr})', { ctx: 'handle', nr: 's32' }),
  sys_io_submit_done: point('io_submit({ctx}) = {ret}', { ret: 'errno', ctx: 'handle' }),
  sys_io_getevents: point('io_getevents({ctx}, min={min}, nr={nr})', { ctx: 'handle', min: 's32', nr: 's32' }),
  sys_io_getevents_done: point('io_getevents({ctx}) = {ret}', { ret: 'errno', ctx: 'handle' }),
  sys_io_cancel: point('io_cancel({ctx}, {obj})', { ctx: 'handle', obj: 'iocb_argument' }),
  sys_io_cancel_done: point('io_cancel({ctx}) = {ret}', { ret: 'errno', ctx: 'handle' }),
  ioctx_alloc: step('ioctx_alloc', '{ctx} nr_events={nr} id={id}', { ctx: 'kioctx', nr: 's32', id: 's32' }),
  kill_ioctx: step('kill_ioctx', '{ctx} dead <- 1', { ctx: 'kioctx' }),
  free_ioctx_users: step('free_ioctx_users', '{ctx} has no users', { ctx: 'kioctx' }),
  free_ioctx_reqs: step('free_ioctx_reqs', '{ctx} has no requests', { ctx: 'kioctx' }),
  free_ioctx: step('free_ioctx', '{ctx} freed', { ctx: 'kioctx' }),
  aio_complete: step('aio_complete', '{ctx} slot {slot} <- {obj}', { ctx: 'kioctx', slot: 'u32', obj: 'iocb' }),
  read_events: step('aio_read_events_ring', '{ctx} head {head} (+{n})', { ctx: 'kioctx', head: 'u32', n: 's32' }),
  refill: step('refill_reqs_available', '{ctx} +{n} slots', { ctx: 'kioctx', n: 's32' }),
  user_reap: point('user reaps: {ctx} head {head} (+{n})', { ctx: 'ring', head: 'u32', n: 's32' }),
  user_scribble: point('user scribbles: {ctx} word {word} <- {value}', { ctx: 'ring', word: 's32', value: 'hex' }),
  migrate_copy: step('aio_migratepage', 'ring_pages[{index}] copied, {old} -> {next}', {
    old: 'page',
    next: 'page',
    index: 's32',
  }),
  migrate_done: step('aio_migratepage', 'ring_pages[{index}] = {next}, was {old}', {
    old: 'page',
    next: 'page',
    index: 's32',
  }),
  migrate_fail: point('migrate page {old}: {ret}', { old: 'page', ret: 'errno' }),
  device_queue: step('device', '{req} of {ctx} queued', { req: 'request', ctx: 'kioctx' }),
  device_write: step('device', '{req} writes {len} bytes to {buf}', { req: 'request', buf: 'user', len: 's32' }),
  device_cancel: step('device', '{req} cancelled', { req: 'request' }),
  do_IRQ: point('interrupted', {}),
  preempted: point('preempted', {}),
  rcu_gp_start: step('rcu', 'grace period {n} starts', { n: 's32' }),
  rcu_gp_end: step('rcu', 'grace period {n} ends', { n: 's32' }),
  work: step('kworker', 'runs {work}', { work: 'work' }),
  user_free: point('user frees {buf} ({len} bytes)', { buf: 'buffer', len: 's32' }),
  exit_aio: point('exit_aio({mm})', { mm: 'mm' }),
} as const;
export type PointName = keyof typeof TP;
const NAMES = Object.keys(TP) as PointName[];

/** A note as fields. */
export type TraceNote = {
  readonly [P in PointName]: {
    readonly point: P;
    readonly args: { readonly [K in keyof (typeof TP)[P]['args']]: number };
  };
}[PointName];

/** @param words - number of the trace point, then what was noted with it */
export function readNote(words: ArrayLike<number>): TraceNote {
  const n = words[0] ?? 0;
  const names = declared[n]?.args ?? [];
  return {
    point: NAMES[n] as PointName,
    args: Object.fromEntries(names.map(([name], i) => [name, words[i + 1] ?? 0])),
  } as TraceNote;
}

/** The system call that a note is of, and whether it returns. */
export function syscallOf({ point: name }: TraceNote): { readonly name: string; readonly returns: boolean } | null {
  if (!name.startsWith('sys_')) return null;
  const returns = name.endsWith('_done');
  return { name: name.slice('sys_'.length, returns ? -'_done'.length : undefined), returns };
}

/** @returns the arguments of a note with what they are */
export function argumentsOf({
  point: name,
  args,
}: TraceNote): { readonly kind: ArgumentKind; readonly value: number }[] {
  const values: Readonly<Record<string, number>> = args;
  return (declared[TP[name]]?.args ?? []).map(([key, kind]) => ({ kind, value: values[key] ?? 0 }));
}

/** The function of the kernel whose step a note is; empty where it is none's. */
export const whoseStep = ({ point: name }: TraceNote): string => declared[TP[name]]?.who ?? '';

/**
 * A note in words, without whose step it is.
 * @param print - says an argument in other words than the usual, or null
 */
export function noteWords(
  { point: name, args }: TraceNote,
  print: (kind: ArgumentKind, value: number) => string | null = () => null,
): string {
  const { text, args: kinds } = declared[TP[name]] as Declared;
  const values: Readonly<Record<string, number>> = args;
  return kinds.reduce((words, [key, kind]) => {
    const value = values[key] ?? 0;
    return words.replace(`{${key}}`, () => print(kind, value) ?? PRINTED[kind](value));
  }, text);
}

export function describeNote(note: TraceNote): string {
  const who = whoseStep(note);
  return `${who === '' ? '' : `${who}: `}${noteWords(note)}`;
}

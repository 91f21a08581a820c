// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace, each as the C statements that do it. */
import type { TraceOp } from '../conformance/trace.ts';
import { cNumber, cString, ExportError } from './c_text.ts';
import { addressOf, call, contextOf, iocbLiteral, placeOf, specialPointer } from './trace_iocb.ts';

/** More events than any ring of a trace has. */
const EVENTS_MAX = 1 << 17;
const EVENT_BYTES = 32;

function ioSetup({ ctx = '', nr_events = 0, ctxp, init = 0, at }: TraceOp): string[] {
  const nr = `${BigInt.asUintN(32, BigInt(nr_events))}u`;
  const pointer = specialPointer(ctxp);
  if (pointer !== null) return [call('setup_at', cString(ctx), nr, pointer)];
  return [call('setup', cString(ctx), nr, `(aio_context_t)${cNumber(init)}`, placeOf(at))];
}

function ioSubmit({ ctx, iocbs, nr, at }: TraceOp): string[] {
  if (typeof iocbs === 'string') {
    return [`got.ret = ${call('io_submit', contextOf(ctx), cNumber(nr ?? 0), specialPointer(iocbs) ?? 'NULL')}`];
  }
  if (iocbs === undefined) throw new ExportError('it has a submit without iocbs');
  if ('prefix' in iocbs) {
    const { prefix, count, from } = iocbs;
    const run = [cString(prefix), String(count), String(from), placeOf(at)];
    return [call('submit_run', contextOf(ctx), cNumber(nr ?? count), ...run)];
  }
  const names = iocbs.length === 0 ? 'NULL' : `(const char *const[]){ ${iocbs.map(cString).join(', ')} }`;
  return [call('submit', contextOf(ctx), cNumber(nr ?? iocbs.length), String(iocbs.length), names, placeOf(at))];
}

function roomOf({ events, nr = 0 }: TraceOp): string {
  const bytes = EVENT_BYTES * Math.min(Math.max(0, nr), EVENTS_MAX);
  if (typeof events === 'object') return `guarded_memory(${events.guard_after * EVENT_BYTES})`;
  if (events === 'unaligned') return `(char *)allocate(${bytes + 1}) + 1`;
  return specialPointer(events) ?? `allocate(${bytes})`;
}

function timespecOf({ timeout, at }: TraceOp): string {
  if (timeout === null || timeout === undefined) return 'NULL';
  if (typeof timeout === 'string') return specialPointer(timeout) ?? 'NULL';
  const literal = `&(struct timespec){ ${timeout.map((n) => cNumber(n)).join(', ')} }`;
  return at === undefined ? literal : `placed(${literal}, sizeof(struct timespec), ${placeOf(at)})`;
}

const ioGetevents = (op: TraceOp): string[] => [
  ...(op.signal === true ? ['signal_soon();'] : []),
  call('getevents', contextOf(op.ctx), cNumber(op.min_nr ?? 0), cNumber(op.nr ?? 0), roomOf(op), timespecOf(op)),
];

function ioCancel({ ctx, iocb = '' }: TraceOp): string[] {
  const at = specialPointer(iocb) ?? `iocb(${cString(iocb)})`;
  return [call('cancel', contextOf(ctx), at)];
}

function buffer(op: TraceOp): string[] {
  const { buf = '', size = 0, seed = 0, fill, at } = op;
  const made =
    fill === 'ramp' ? call('fill', cString(buf), `${size}`, `${seed}`) : call('clear', cString(buf), `${size}`);
  return at === undefined ? [made] : [made, call('move_buffer', cString(buf), placeOf(at))];
}

function iovec({ iov = '', vec = [], at }: TraceOp): string[] {
  const bytes = `${vec.length} * sizeof(struct iovec)`;
  const parts = vec.map(
    ([buf, offset, length]) => `{ (char *)${addressOf(buf)} + ${offset}, (size_t)${cNumber(length)} }`,
  );
  const list = `(struct iovec[]){ ${parts.join(', ')} }`;
  const filled = vec.length === 0 ? [] : [call('memcpy', `new_buffer(${cString(iov)}, ${bytes})`, list, bytes)];
  return at === undefined ? filled : [...filled, call('move_buffer', cString(iov), placeOf(at))];
}

const MODES: Readonly<Record<string, string>> = { r: 'O_RDONLY', w: 'O_WRONLY', rw: 'O_RDWR' };

function open({ fd, file = '', mode = '', append, directory }: TraceOp): string[] {
  const flags = directory === true ? 'O_RDONLY | O_DIRECTORY' : MODES[mode];
  if (flags === undefined)
    throw new ExportError(`it opens a file in a mode '${mode}', which this version does not know`);
  const path = directory === true ? '.' : file;
  return [call('open_file', cString(String(fd)), cString(path), append === true ? `${flags} | O_APPEND` : flags)];
}

/** What each step does; its answer is in `got`, its events in `taken`. */
export const STEPS: Readonly<Record<string, (op: TraceOp) => string[]>> = {
  io_setup: ioSetup,
  io_submit: ioSubmit,
  io_getevents: ioGetevents,
  io_cancel: ioCancel,
  io_destroy: ({ ctx }) => [call('destroy', contextOf(ctx))],
  user_reap: ({ ctx, max }) => [call('user_reap', contextOf(ctx), String(max ?? EVENTS_MAX))],
  ring_read: ({ ctx }) => [call('ring_read', contextOf(ctx))],
  ring_write: ({ ctx, set = {} }) =>
    Object.entries(set).map(([name, value]) => `ring_of(${contextOf(ctx)})->${name} = ${cNumber(value)};`),
  ring_event: ({ ctx, index = 0 }) => [call('ring_event', contextOf(ctx), String(index))],
  iocb: (op) => [call('prepare', cString(op.iocb ?? ''), iocbLiteral(op, false), placeOf(op.at))],
  iocbs: ({ prefix = '', count = 0, each = {}, cmd, stride, bufstride }) => {
    const all = {
      ...each,
      ...Object.fromEntries(Object.entries({ cmd, stride, bufstride }).filter(([, v]) => v !== undefined)),
    };
    const one = call('prepare', `numbered(${cString(prefix)}, i)`, iocbLiteral(all, true), placeOf(each.at));
    return [`for (int i = 0; i < ${count}; i++)`, `\t${one}`];
  },
  iocb_key: ({ iocb = '', key }) => [
    ...(key === undefined ? [] : [call('set_iocb_key', cString(iocb), `${key >>> 0}u`)]),
    call('iocb_key', cString(iocb)),
  ],
  buffer,
  iovec,
  buf_sha: ({ buf = '' }) => [call('buffer_sha', cString(buf))],
  file: ({ file = '', size = 0, seed = 0 }) => [call('make_file', cString(file), String(size), String(seed))],
  stat: ({ file = '' }) => [call('file_size', cString(file))],
  file_sha: ({ file = '' }) => [call('file_sha', cString(file))],
  truncate: ({ file = '', size = 0 }) => [call('cut_file', cString(file), String(size))],
  open,
  close: ({ fd }) => [call('close_descriptor', cString(String(fd)))],
  pipe: ({ r = '', w = '' }) => [call('make_pipe', cString(r), cString(w), 'O_NONBLOCK')],
  complete: ({ wfd = '' }) => [call('complete', cString(wfd))],
  eventfd: ({ fd, count = 0 }) => [call('set_descriptor', cString(String(fd)), `eventfd(${count}, EFD_NONBLOCK)`)],
  eventfd_read: ({ fd }) => [call('take_eventfd', cString(String(fd)))],
  cpu: ({ cpu = 0 }) => [call('go_to_cpu', String(cpu))],
  aio_nr: () => ['aio_nr();'],
  aio_max_nr: ({ max = 0 }) => [call('set_aio_max_nr', `aio_nr_before + ${max}`)],
};

// SPDX-License-Identifier: GPL-2.0-only
/** The steps of a trace, each as the C statements that do it. */
import type { Op, OpenMode, OpName } from '../conformance/trace/trace.ts';
import { cNumber, cString, ExportError } from './c_text.ts';
import { addressOf, call, contextOf, iocbLiteral, placeOf, specialPointer } from './trace_iocb.ts';

/** More events than any ring of a trace has. */
const EVENTS_MAX = 1 << 17;
const EVENT_BYTES = 32;

function ioSetup({ ctx = '', nr_events, ctxp, init = 0, at }: Op<'io_setup'>): string[] {
  const nr = `${nr_events >>> 0}u`;
  const pointer = specialPointer(ctxp);
  if (pointer !== null) return [call('setup_at', cString(ctx), nr, pointer)];
  return [call('setup', cString(ctx), nr, `(aio_context_t)${cNumber(init)}`, placeOf(at))];
}

function ioSubmit({ ctx, iocbs, nr, at }: Op<'io_submit'>): string[] {
  if (typeof iocbs === 'string') {
    return [`got.ret = ${call('io_submit', contextOf(ctx), cNumber(nr ?? 0), specialPointer(iocbs) ?? 'NULL')}`];
  }
  if ('prefix' in iocbs) {
    const { prefix, count, from } = iocbs;
    const run = [cString(prefix), String(count), String(from), placeOf(at)];
    return [call('submit_run', contextOf(ctx), cNumber(nr ?? count), ...run)];
  }
  const names = iocbs.length === 0 ? 'NULL' : `(const char *const[]){ ${iocbs.map(cString).join(', ')} }`;
  return [call('submit', contextOf(ctx), cNumber(nr ?? iocbs.length), String(iocbs.length), names, placeOf(at))];
}

function roomOf({ events, nr = 0 }: Op<'io_getevents'>): string {
  const bytes = EVENT_BYTES * Math.min(Math.max(0, nr), EVENTS_MAX);
  if (typeof events === 'object') return `guarded_memory(${events.guard_after * EVENT_BYTES})`;
  if (events === 'unaligned') return `(char *)allocate(${bytes + 1}) + 1`;
  return specialPointer(events) ?? `allocate(${bytes})`;
}

function timespecOf({ timeout, at }: Op<'io_getevents'>): string {
  if (timeout === null || timeout === undefined) return 'NULL';
  if (typeof timeout === 'string') return specialPointer(timeout) ?? 'NULL';
  const literal = `&(struct timespec){ ${timeout.map((n) => cNumber(n)).join(', ')} }`;
  return at === undefined ? literal : `placed(${literal}, sizeof(struct timespec), ${placeOf(at)})`;
}

const ioGetevents = (op: Op<'io_getevents'>): string[] => [
  ...(op.signal === true ? ['signal_soon();'] : []),
  call('getevents', contextOf(op.ctx), cNumber(op.min_nr ?? 0), cNumber(op.nr ?? 0), roomOf(op), timespecOf(op)),
];

function buffer({ buf, size, seed = 0, fill, at }: Op<'buffer'>): string[] {
  const made =
    fill === 'ramp' ? call('fill', cString(buf), `${size}`, `${seed}`) : call('clear', cString(buf), `${size}`);
  return at === undefined ? [made] : [made, call('move_buffer', cString(buf), placeOf(at))];
}

function iovec({ iov, vec, at }: Op<'iovec'>): string[] {
  const bytes = `${vec.length} * sizeof(struct iovec)`;
  const parts = vec.map(
    ([buf, offset, length]) => `{ (char *)${addressOf(buf)} + ${offset}, (size_t)${cNumber(length)} }`,
  );
  const list = `(struct iovec[]){ ${parts.join(', ')} }`;
  const filled = vec.length === 0 ? [] : [call('memcpy', `new_buffer(${cString(iov)}, ${bytes})`, list, bytes)];
  return at === undefined ? filled : [...filled, call('move_buffer', cString(iov), placeOf(at))];
}

const MODES: Readonly<Record<OpenMode, string>> = { r: 'O_RDONLY', w: 'O_WRONLY', rw: 'O_RDWR' };

function open({ fd, file = '.', mode, append, directory }: Op<'open'>): string[] {
  const flags = directory === true ? 'O_RDONLY | O_DIRECTORY' : MODES[mode];
  return [call('open_file', cString(fd), cString(file), append === true ? `${flags} | O_APPEND` : flags)];
}

/** What each step does; its answer is in `got`, its events in `taken`. */
export const STEPS: { readonly [N in OpName]: (op: Op<N>) => string[] } = {
  io_setup: ioSetup,
  io_submit: ioSubmit,
  io_getevents: ioGetevents,
  io_cancel: ({ ctx, iocb }) => [call('cancel', contextOf(ctx), specialPointer(iocb) ?? `iocb(${cString(iocb)})`)],
  io_destroy: ({ ctx }) => [call('destroy', contextOf(ctx))],
  user_reap: ({ ctx, max = EVENTS_MAX }) => [call('user_reap', contextOf(ctx), String(max))],
  ring_read: ({ ctx }) => [call('ring_read', contextOf(ctx))],
  ring_write: ({ ctx, set }) =>
    Object.entries(set).map(([name, value]) => `ring_of(${contextOf(ctx)})->${name} = ${cNumber(value)};`),
  ring_event: ({ ctx, index }) => [call('ring_event', contextOf(ctx), String(index))],
  iocb: (op) => [call('prepare', cString(op.iocb), iocbLiteral(op, null), placeOf(op.at))],
  iocbs({ prefix, count, each, cmd, stride = 0, bufstride = 0 }) {
    const literal = iocbLiteral({ ...each, cmd }, { stride, bufstride });
    const one = call('prepare', `numbered(${cString(prefix)}, i)`, literal, placeOf(each.at));
    return [`for (int i = 0; i < ${count}; i++)`, `\t${one}`];
  },
  iocb_key: ({ iocb, key }) => [
    ...(key === undefined ? [] : [call('set_iocb_key', cString(iocb), `${key >>> 0}u`)]),
    call('iocb_key', cString(iocb)),
  ],
  buffer,
  iovec,
  buf_sha: ({ buf }) => [call('buffer_sha', cString(buf))],
  file: ({ file, size, seed = 0 }) => [call('make_file', cString(file), String(size), String(seed))],
  stat: ({ file }) => [call('file_size', cString(file))],
  file_sha: ({ file }) => [call('file_sha', cString(file))],
  truncate: ({ file, size }) => [call('cut_file', cString(file), String(size))],
  open,
  close: ({ fd }) => [call('close_descriptor', cString(fd))],
  pipe: ({ r, w }) => [call('make_pipe', cString(r), cString(w), 'O_NONBLOCK')],
  complete: ({ iocb, wfd }) => [call('complete', cString(iocb), cString(wfd))],
  eventfd: ({ fd, count = 0 }) => [call('set_descriptor', cString(fd), `eventfd(${cNumber(count)}, EFD_NONBLOCK)`)],
  eventfd_read: ({ fd }) => [call('take_eventfd', cString(fd))],
  cpu: ({ cpu }) => [call('go_to_cpu', String(cpu))],
  aio_nr: () => ['aio_nr();'],
  aio_max_nr: ({ max }) => [call('set_aio_max_nr', `aio_nr_before + ${max}`)],
  fault() {
    throw new ExportError('it takes memory from the kernel, which only the port can');
  },
};

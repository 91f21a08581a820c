// SPDX-License-Identifier: GPL-2.0-only
/**
 * `--from-strace`: what a program did to fs/aio, from a log of strace, as a file of traces.
 *
 * Kept are the calls in the order in which they returned, whichever thread made them, what the iocbs say, and what the
 * calls returned. Not in a log, and made up: what files hold (zeroes, as far as requests read), where buffers are (one
 * for all), and when requests ended: io_getevents() asks for as many events as it got.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { reasonOf } from '../../cli/folder.ts';
import { UsageError } from '../../cli/usage_error.ts';
import { wrongTrace } from '../trace/check.ts';
import { toLines } from '../trace/file.ts';
import type { Trace, TraceOp } from '../trace/trace.ts';
import { Descriptors } from './descriptors.ts';
import { Iocbs } from './iocbs.ts';
import { type Call, isFields, number, readLog, Unconvertible, type Value, word } from './log.ts';

/** Calls of which a trace has no step, and that matter. */
const MISSED = new Set(['io_pgetevents', 'io_uring_setup', 'io_uring_enter']);

class Converter {
  readonly ops: TraceOp[] = [];
  readonly report: string[] = [];
  /** Calls that have nothing to do with it. */
  others = 0;
  private readonly contexts = new Map<string, string>();
  /** Contexts that were made: the kernel gives addresses again. */
  private made = 0;
  private readonly descriptors = new Descriptors(this.ops, (line, what) => this.report.push(`line ${line}: ${what}`));
  private readonly iocbs = new Iocbs(this.ops, this.descriptors);

  take(call: Call): void {
    const does = this.does[call.name];
    if (does === undefined && !MISSED.has(call.name)) {
      this.others++;
      return;
    }
    try {
      if (does === undefined) throw new Unconvertible('traces have no such step');
      if (call.ret === null) throw new Unconvertible('it did not return');
      does(call.args, call.ret, call.line);
    } catch (error) {
      if (!(error instanceof Unconvertible)) throw error;
      this.report.push(`line ${call.line}: ${call.name}() is left out, ${error.message}`);
    }
  }

  /** A handle that the log has not made: in a trace memory that is no ring stands for it. */
  private context(handle: Value | undefined): string {
    const special = { NULL: 'ZERO', '0': 'ZERO', '0xffffffffffffffff': 'BAD' }[word(handle)];
    return special ?? this.contexts.get(word(handle)) ?? 'JUNK';
  }

  private readonly does: Readonly<
    Record<string, (args: readonly Value[], ret: number | string, line: number) => void>
  > = {
    io_setup: ([nr, ctxp], ret) => {
      const ctx = `c${this.made}`;
      const [handle = ''] = Array.isArray(ctxp) ? ctxp : [];
      if (ret === 0) {
        this.contexts.set(word(handle), ctx);
        this.made++;
      }
      this.ops.push({ op: 'io_setup', ctx, nr_events: number(nr), expect: { ret } });
    },
    io_destroy: ([ctx], ret) => {
      this.ops.push({ op: 'io_destroy', ctx: this.context(ctx), expect: { ret } });
    },
    io_submit: ([ctx, nr, list], ret, line) => {
      const iocbs = this.iocbs.list(list, ret, line);
      const isWhole = Array.isArray(iocbs) && iocbs.length === number(nr);
      const count = isWhole ? {} : { nr: number(nr) };
      this.ops.push({ op: 'io_submit', ctx: this.context(ctx), iocbs, ...count, expect: { ret } });
    },
    io_getevents: ([handle, min, nr, , timeout], ret) => {
      const ctx = this.context(handle);
      if (typeof ret === 'number') {
        const min_nr = Math.min(Math.max(0, number(min)), ret);
        this.ops.push({ op: 'io_getevents', ctx, min_nr, nr: ret, timeout: [ret > 0 ? 1 : 0, 0], expect: { ret } });
        return;
      }
      const given = isFields(timeout) ? ([number(timeout['tv_sec']), number(timeout['tv_nsec'])] as const) : null;
      this.ops.push({
        op: 'io_getevents',
        ctx,
        min_nr: number(min),
        nr: number(nr),
        timeout: given ?? (timeout === 'NULL' ? null : 'BAD'),
        ...(ret === '-EINTR' && { signal: true }),
        expect: { ret },
      });
    },
    io_cancel: ([ctx, iocb], ret, line) => {
      const name = this.iocbs.cancelled(iocb, ret, line);
      this.ops.push({ op: 'io_cancel', ctx: this.context(ctx), iocb: name, expect: { ret } });
    },
    openat: ([, path, flags], ret) => this.descriptors.open(word(path), word(flags), ret),
    open: ([path, flags], ret) => this.descriptors.open(word(path), word(flags), ret),
    eventfd2: ([count], ret) => this.descriptors.eventfd(number(count), ret),
    pipe2: ([ends], ret) => this.descriptors.pipe(ends, ret),
    pipe: ([ends], ret) => this.descriptors.pipe(ends, ret),
    close: ([fd], ret) => this.descriptors.close(number(fd), ret),
    read: ([fd]) => this.descriptors.read(number(fd)),
    write: ([fd]) => {
      if (this.descriptors.isShared(number(fd)))
        throw new Unconvertible('a trace writes pipes and eventfds by requests only');
    },
  };
}

/** @returns the file's text, and what is to be said of it @throws UsageError */
export function convertStrace(path: string): { readonly text: string; readonly report: readonly string[] } {
  let log: string;
  try {
    log = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      'bad-value',
      `--from-strace '${path}' cannot be read, ${reasonOf(error)}; it takes a log of strace -f`,
    );
  }
  const { calls, odd } = readLog(log);
  const converter = new Converter();
  for (const call of calls) converter.take(call);
  const { ops, report, others } = converter;
  if (!ops.some(({ op }) => op.startsWith('io_'))) {
    throw new UsageError('bad-value', `'${path}' has no call of fs/aio; type strace -f -o ${path} and the program`);
  }
  const file = basename(path);
  const applies = ['v3.17', 'v6.18'] as const;
  const trace: Trace = { id: file, checks: 'the calls of a program', source: `strace: ${file}`, applies, ops };
  const wrong = wrongTrace({ ...trace });
  if (wrong !== null) throw new UsageError('bad-value', `'${path}' cannot be a trace: ${wrong}`);
  const env = { possible_cpus: Math.min(cpus().length, 256) };
  const meta = { meta: 1, format: 'aio-trace/1', recorded_on: 'strace', env } as const;
  const left = others > 0 ? [`${others} other calls are left out`] : [];
  const unread = odd.map((line) => `line ${line}: this is no call as strace writes it`);
  return { text: toLines({ path, meta, traces: [trace] }), report: [...unread, ...report, ...left] };
}

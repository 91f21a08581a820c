// SPDX-License-Identifier: GPL-2.0-only
/** A step of a trace in words, as the call that it is. */
import { type Iocbs, namesIn } from './kinds.ts';
import type { TraceOp } from './trace.ts';

const listed = (iocbs: Iocbs): string => {
  if (typeof iocbs === 'string') return iocbs;
  if ('prefix' in iocbs) return `${iocbs.prefix}${iocbs.from}…${iocbs.prefix}${iocbs.from + iocbs.count - 1}`;
  return `[${iocbs.join(', ')}]`;
};

/** Arguments that have no form of their own, as JSON without the braces. */
function others(op: TraceOp): string {
  const { op: _op, expect: _expect, expect_v317: _v317, ...rest } = op;
  return Object.entries(rest)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(', ');
}

/** `io_submit(c, 2, [a, b])`, and where what it is given lies, if that is not in plain memory */
export const opInWords = (op: TraceOp): string =>
  callInWords(op) + (op.op.startsWith('io_') && 'at' in op ? ` at ${JSON.stringify(op.at)}` : '');

function callInWords(op: TraceOp): string {
  switch (op.op) {
    case 'io_setup':
      return `io_setup(${op.nr_events}, ${op.ctxp ?? `&${op.ctx}${op.init === undefined ? '' : ` = ${op.init}`}`})`;
    case 'io_submit':
      return `io_submit(${op.ctx}, ${op.nr ?? namesIn(op.iocbs).length}, ${listed(op.iocbs)})`;
    case 'io_getevents': {
      const room = typeof op.events === 'object' ? `room for ${op.events.guard_after}` : (op.events ?? 'events');
      const timeout = Array.isArray(op.timeout) ? `{${op.timeout.join(', ')}}` : (op.timeout ?? 'NULL');
      return `io_getevents(${op.ctx}, ${op.min_nr ?? 0}, ${op.nr ?? 0}, ${room}, ${timeout})`;
    }
    case 'io_cancel':
      return `io_cancel(${op.ctx}, ${op.iocb})`;
    case 'io_destroy':
      return `io_destroy(${op.ctx})`;
    default:
      return `${op.op}(${others(op)})`;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** How a trace writes down what was answered. */
import { constants } from 'node:os';
import { errname } from '../../../src/uapi/errno.ts';
import { sha } from './bytes.ts';
import type { Answer, TraceEvent } from './kinds.ts';

/** A list that is longer stands in a trace as its hash, its first and its last element. */
const LIST_MAX = 24;

/** Errors that only other kernels know. EOPNOTSUPP and ENOTSUP are one number, as are EAGAIN and EWOULDBLOCK. */
const OTHER_ERRORS = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'ENOTSUP' && name !== 'EWOULDBLOCK')
    .map(([name, value]) => [-value, `-${name}`]),
);

/** 0 and counts as they are, errors by name. */
export function answerOf(ret: number): number | string {
  if (ret >= 0) return ret;
  const name = errname(ret);
  return name.startsWith('-E') ? name : (OTHER_ERRORS.get(ret) ?? ret);
}

export function eventsAnswer(events: readonly TraceEvent[]): Answer {
  if (events.length <= LIST_MAX) return { events };
  return { events_sha: sha(JSON.stringify(events)), first: events[0], last: events.at(-1) };
}

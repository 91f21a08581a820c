// SPDX-License-Identifier: GPL-2.0-only
/** What makes two differences one: the call, the field, and the two answers without the numbers of a case. */
import type { Difference } from '../judge/compare.ts';
import type { Trace } from '../trace/trace.ts';

/** Counts of one case are not those of another; 0 and errors mean something. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return value === 0 ? '0' : value > 0 ? 'n' : '-n';
  if (typeof value === 'string') return value.replace(/0x[0-9a-f]+|[0-9a-f]{16}|\d+/g, 'n').replace(/, at .*/, '');
  return Array.isArray(value) ? 'events' : JSON.stringify(value);
}

/** `io_submit ret -EINVAL/n`: expected and answered. @param found - the first of a trace */
export function signatureOf({ ops }: Trace, found: Difference): string {
  const call = ops[found.op]?.op ?? 'end';
  return `${call} ${found.field} ${kindOf(found.expected)}/${kindOf(found.actual)}`;
}

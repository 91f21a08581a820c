// SPDX-License-Identifier: GPL-2.0-only
/** `--sweep threads=1,2,4,8,16`: the widths to measure. */
import { UsageError } from '../cli/usage_error.ts';

/**
 * Threads that each run of a sweep has besides those that carry the load: one serves RCU, one the work queue. They
 * sleep while contexts neither come nor go.
 */
export const SERVICE_THREADS = 2;
/** What a run can have at most, 256, less those. */
const WIDTH_MAX = 256 - SERVICE_THREADS;
const EXAMPLE = '--sweep threads=1,2,4,8,16';

function refuse(text: string, why: string): never {
  throw new UsageError(
    'bad-value',
    `--sweep takes threads= and two widths or more from 1 to ${WIDTH_MAX}, each once, and '${text}' ${why}; ` +
      `type for example ${EXAMPLE}`,
  );
}

/** @returns widths, ascending @throws UsageError */
export function parseSweep(text: string): readonly number[] {
  const [, list] = /^threads=(.*)$/.exec(text.trim()) ?? [];
  if (list === undefined) return refuse(text, 'does not begin with threads=');
  const widths = list.split(',').map((part) => {
    const width = /^\s*\d{1,9}\s*$/.test(part) ? Number(part) : Number.NaN;
    if (width >= 1 && width <= WIDTH_MAX) return width;
    return refuse(text, `has '${part.trim()}'`);
  });
  const twice = widths.find((width, i) => widths.indexOf(width) !== i);
  if (twice !== undefined) return refuse(text, `has ${twice} twice`);
  if (widths.length < 2) return refuse(text, 'has one');
  return widths.sort((a, b) => a - b);
}

// SPDX-License-Identifier: GPL-2.0-only
/** Reading locks and distributions of a result, or saying that nothing was measured. */
import { percentileOf } from '../result/distribution.ts';
import type { Distribution, Lock, RunResult } from '../result/run_result.ts';

/** The system calls that are timed. */
export const SYSCALLS = ['io_setup', 'io_destroy', 'io_submit', 'io_cancel', 'io_getevents'] as const;

/** A figure in its kind's own unit, or why there is none: a clause. */
export type Measured = { readonly value: number } | { readonly missing: string };

const FIELDS = { min: 'min', max: 'max', avg: 'mean', p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p999' } as const;

/** `pNN[.N]` as percent; null for anything else. p999 is short for p99.9. */
export function percentOf(name: string): number | null {
  if (name === 'p999') return 99.9;
  const [, digits] = /^p(\d{1,2}(?:\.\d{1,4})?)$/.exec(name) ?? [];
  return digits === undefined || Number(digits) === 0 ? null : Number(digits);
}

/** A percentile that the result does not name, ns. */
function percentile({ histogram, min, max }: Distribution, percent: number): number {
  // a bin's middle may lie outside of what was really seen
  return Math.min(max, Math.max(min, percentileOf(histogram, percent)));
}

/** @param missing - what to say of no samples */
export function stat(times: Distribution | undefined, total: number, name: string, missing: string): Measured {
  if (times === undefined || times.samples === 0) return { missing };
  if (name === 'total') return { value: total };
  const field = name === 'p99.9' ? 'p999' : name;
  if (Object.hasOwn(FIELDS, field)) return { value: times[FIELDS[field as keyof typeof FIELDS]] };
  return { value: percentile(times, percentOf(name) ?? Number.NaN) };
}

const lockOf = ({ locks: all }: RunResult, cls: string): Lock | undefined => all.find((lock) => lock.class === cls);

export function timed(result: RunResult, cls: string, figure: 'wait' | 'hold', name: string): Measured {
  const lock = lockOf(result, cls);
  const total = (figure === 'wait' ? lock?.waitTotal : lock?.holdTotal) ?? 0;
  return stat(lock?.[figure], total, name, figure === 'wait' ? 'nobody waited for it' : 'no hold of it was timed');
}

export type LockCount = 'contentions' | 'acquisitions' | 'con_bounces' | 'acq_bounces' | 'contended';

export function locks(result: RunResult, cls: string, figure: LockCount): Measured {
  const lock = lockOf(result, cls);
  if (lock === undefined || lock.acquisitions === 0) return { missing: 'it was never taken' };
  switch (figure) {
    case 'contended':
      return { value: (100 * lock.contentions) / lock.acquisitions };
    case 'con_bounces':
      return { value: lock.conBounces };
    case 'acq_bounces':
      return { value: lock.acqBounces };
    default:
      return { value: lock[figure] };
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Slices of a CPU's trace, on lanes in which they nest: a viewer shows a slice inside of another or beside it, and
 * drops what overlaps.
 */
import type { TraceCpu } from '../../result/run_result.ts';

type Step = TraceCpu['steps'][number];

/** A stretch of time, in us since the window's beginning. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly cat: string;
  readonly args: Readonly<Record<string, string>>;
}

const DONE = '_done';
/** `io_submit` of `sys_io_submit` and `sys_io_submit_done`; null for what is no system call. */
const callOf = (point: string): string | null =>
  point.startsWith('sys_') ? point.slice('sys_'.length).replace(/_done$/, '') : null;

/** A CPU notes its steps in order: one that goes back in time was read while it was being written. */
export function whole(cpu: TraceCpu): TraceCpu {
  let last = Number.NEGATIVE_INFINITY;
  const steps = cpu.steps.filter(([us]) => {
    if (us < last) return false;
    last = us;
    return true;
  });
  return { ...cpu, steps };
}

/** Where a window ends: its last step or slice on any CPU. */
export const endOf = (cpus: readonly TraceCpu[]): number =>
  Math.max(
    ...cpus.flatMap(({ steps, locks }) => [
      ...steps.map(([us]) => us),
      ...locks.map(([us, duration]) => us + duration),
    ]),
  );

/**
 * The system calls of a CPU, which makes one at a time, and the steps that begin or end none.
 *
 * A call that began before the CPU's first step, or that had not ended by the window's end, is cut there and says so.
 */
export function callsOf(cpu: TraceCpu, windowEnd: number): { calls: Slice[]; others: Step[] } {
  const calls: Slice[] = [];
  const others: Step[] = [];
  const slice = (start: number, end: number, name: string, args: Slice['args']): number =>
    calls.push({ start, end, name, cat: 'syscall', args });
  let open: { us: number; call: string; text: string } | null = null;
  let first = true;
  for (const step of cpu.steps) {
    const [us, point, text] = step;
    const call = callOf(point);
    if (call === null) {
      others.push(step);
      continue;
    }
    const isEnd = point.endsWith(DONE);
    if (!isEnd) {
      // the thread died in the call before, which never returned
      if (open !== null) slice(open.us, us, open.call, { text: open.text, cut: 'no return was seen' });
      open = { us, call, text };
    } else if (open?.call === call) {
      slice(open.us, us, call, { text: open.text, result: text });
      open = null;
    } else if (first) {
      slice(cpu.steps[0]?.[0] ?? us, us, call, { result: text, cut: 'began before the first step' });
    } else {
      others.push(step);
    }
    first = false;
  }
  if (open !== null) slice(open.us, Math.max(open.us, windowEnd), open.call, { text: open.text, cut: 'had not ended' });
  return { calls, others };
}

export const locksOf = (cpu: TraceCpu): Slice[] =>
  cpu.locks.map(([us, duration, cls, what]) => ({
    start: us,
    end: us + duration,
    name: `${what} ${cls}`,
    cat: 'lock',
    args: { class: cls, what },
  }));

/** Shares slices out to as many lanes as it takes for them to nest in each. */
export function nested(slices: readonly Slice[]): Slice[][] {
  const lanes: { slices: Slice[]; ends: number[] }[] = [];
  for (const slice of [...slices].sort((a, b) => a.start - b.start || b.end - a.end)) {
    let lane = lanes.find(({ ends }) => {
      while ((ends.at(-1) ?? Number.POSITIVE_INFINITY) <= slice.start) ends.pop();
      return slice.end <= (ends.at(-1) ?? Number.POSITIVE_INFINITY);
    });
    if (lane === undefined) {
      lane = { slices: [], ends: [] };
      lanes.push(lane);
    }
    lane.slices.push(slice);
    lane.ends.push(slice.end);
  }
  return lanes.map((lane) => lane.slices);
}

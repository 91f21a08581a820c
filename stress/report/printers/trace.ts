// SPDX-License-Identifier: GPL-2.0-only
/**
 * trace.json: the windows of a run that were traced, in Chrome's Trace Event format, which Perfetto and about:tracing
 * open.
 *
 * A window is a process, each CPU a lane of system calls and ring operations with its locks on the lanes below. Times
 * are us since the start of the run. A viewer refuses a file that is too large, so whole windows are left out, the
 * latest first, and the file says how many.
 */
import { buildText } from '../../result/labels.ts';
import type { Run, RunResult, TraceWindow } from '../../result/run_result.ts';
import { clip } from '../../text/layout.ts';
import { againCommand } from '../parts/parameters.ts';
import { callsOf, endOf, locksOf, nested, type Slice, whole } from './trace_lanes.ts';

const BYTES_MAX = 50e6;
/** For what stands around the windows. */
const FRAME_BYTES = 20_000;
const AGAIN_MAX = 4000;

type Event = Readonly<Record<string, unknown>>;

/** Kinds of steps, by the beginning of the trace point's name. */
const CATEGORIES: readonly (readonly [prefix: RegExp, category: string])[] = [
  [/^(aio_complete|read_events|refill|user_reap|user_scribble)/, 'ring'],
  [/^migrate/, 'migration'],
  [/^device/, 'device'],
  [/^rcu/, 'rcu'],
  [/^(ioctx|kill_ioctx|free_ioctx|exit_aio)/, 'context'],
];
const categoryOf = (point: string): string => CATEGORIES.find(([prefix]) => prefix.test(point))?.[1] ?? 'step';

/** Lanes have numbers of their own in the whole file: some viewers take equal ones for one thread. */
const LANES_MAX = 1000;

class Lanes {
  readonly names: Event[] = [];
  private readonly pid: number;
  constructor(pid: number) {
    this.pid = pid;
  }

  add(name: string): number {
    const index = this.names.length / 2;
    const tid = this.pid * LANES_MAX + index;
    const ids = { ph: 'M', pid: this.pid, tid };
    this.names.push(
      { name: 'thread_name', ...ids, args: { name } },
      { name: 'thread_sort_index', ...ids, args: { sort_index: index } },
    );
    return tid;
  }
}

/** Rounded to ns before lengths are taken, so that what nests still nests. */
const ns = (us: number): number => Math.round(us * 1000);

function sliceEvent(slice: Slice, boot: number, pid: number, tid: number): Event {
  const start = ns(boot + slice.start);
  const end = Math.max(start, ns(boot + slice.end));
  const { name, cat, args } = slice;
  return { name, cat, ph: 'X', ts: start / 1000, dur: (end - start) / 1000, pid, tid, args };
}

function windowEvents(result: RunResult, window: TraceWindow, pid: number): Event[] {
  const boot = window.bootMs * 1000;
  const scenario = result.scenarios[window.scenario];
  const what = scenario === undefined ? '' : `: ${scenario.name} (${buildText(scenario)})`;
  const lanes = new Lanes(pid);
  const cpus = window.cpus.map(whole);
  const end = endOf(cpus);
  const events: Event[] = [];
  for (const cpu of cpus) {
    const title = `cpu ${cpu.cpu} ${cpu.role}`;
    const { calls, others } = callsOf(cpu, end);
    const tid = lanes.add(title);
    for (const call of calls) events.push(sliceEvent(call, boot, pid, tid));
    for (const [us, point, text] of others) {
      const at = { ts: ns(boot + us) / 1000, pid, tid };
      events.push({ name: point, cat: categoryOf(point), ph: 'i', s: 't', ...at, args: { text } });
    }
    for (const slices of nested(locksOf(cpu))) {
      const below = lanes.add(`${title}, locks`);
      for (const slice of slices) events.push(sliceEvent(slice, boot, pid, below));
    }
  }
  const time = (event: Event): number => Number(event['ts']);
  const length = (event: Event): number => Number(event['dur'] ?? 0);
  return [
    { name: 'process_name', ph: 'M', pid, args: { name: `round ${window.round}${what}` } },
    { name: 'process_sort_index', ph: 'M', pid, args: { sort_index: pid } },
    ...lanes.names,
    ...events.sort((a, b) => time(a) - time(b) || length(b) - length(a)),
  ];
}

/** @param bytesMax - the file is smaller than this */
export function toTrace({ result, trace }: Run, bytesMax = BYTES_MAX): string {
  const texts: string[] = [];
  let bytes = FRAME_BYTES;
  for (const [i, window] of trace.entries()) {
    const text = windowEvents(result, window, i + 1)
      .map((event) => JSON.stringify(event))
      .join(',\n');
    bytes += Buffer.byteLength(text) + 2;
    if (bytes > bytesMax) break;
    texts.push(text);
  }
  const { environment, startedAt } = result;
  const otherData = {
    tool: environment.tool,
    commit: environment.commit,
    startedAt,
    again: clip(againCommand(result), AGAIN_MAX),
    windows: texts.length,
    windowsLeftOut: trace.length - texts.length,
  };
  return (
    `{"traceEvents":[\n${texts.join(',\n')}\n],\n` +
    `"displayTimeUnit":"ns",\n"otherData":${JSON.stringify(otherData)}}\n`
  );
}

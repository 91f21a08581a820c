// SPDX-License-Identifier: GPL-2.0-only
/**
 * A CPU of a benchmark: the entry of its piscina thread, and one task for the whole run. It stays the same CPU of the
 * same machine, so that what V8 has compiled for it is warm, and does one window after the other.
 */
import { receiveMessageOnPort } from 'node:worker_threads';
import { Bench } from 'tinybench';
import { sched_clock } from '../../src/arch/sab/clock.ts';
import { setHook } from '../../src/arch/sab/memory.ts';
import { wordAdd, wordLoad, wordNotify, wordWait } from '../../src/arch/sab/words.ts';
import { start_kernel, start_secondary } from '../../src/init/machine.ts';
import { become } from '../../src/user/process.ts';
import { BATCH_MAX, makeAioLoad, submitAndReap } from './loads/aio.ts';
import { measureFootprint } from './loads/footprint.ts';
import { measureLatency, serve } from './loads/latency.ts';
import { countOf, LOCKINGS, makeLockLoad } from './loads/locks.ts';
import { threadCpuNs } from './thread_clock.ts';
import type { Answer, CpuTask, Loads, Micro, Order, Reply, Work } from './work.ts';

/** Operations between two looks at the clock, so that looking costs nothing. */
const CHUNK = 200;
const BATCHES = 8;
const MICRO_CHUNK = 1024;
/** A window is full with this share of its time on a core. */
const FULL = 0.7;
const MICRO_WINDOWS_MAX = 4;
/** Longest sleep between two looks for an order, ms. */
const LOOK_MS = 1000;

type WorkOf<K extends Work['kind']> = Extract<Work, { readonly kind: K }>;
const answer = (part: Partial<Answer>): Answer => ({ operations: 0, ns: 0, figures: [], loads: null, ...part });

/** Waits until all threads of the window are there. */
function gather({ ready, threads }: Order): void {
  wordAdd(ready, 0, 1);
  wordNotify(ready, 0);
  for (let seen = wordLoad(ready, 0); seen < threads; seen = wordLoad(ready, 0)) wordWait(ready, 0, seen, 1);
}

/** Repeats some operations until the window is over. @param step - returns how many */
function untilOver({ ms }: Order, step: () => number): Answer {
  const start = sched_clock();
  const until = start + ms * 1e6;
  let operations = 0;
  let now = start;
  for (; now < until; now = sched_clock()) operations += step();
  return answer({ operations, ns: now - start });
}

/** Operations of about MICRO_CHUNK, for tinybench. */
function microCall(micro: Micro, { locks, aio }: Loads): () => void {
  if (micro.load === 'lock') {
    const lockings = LOCKINGS[micro.lock];
    return () => lockings(locks, MICRO_CHUNK, micro.steps);
  }
  return () => {
    for (let events = 0; events < MICRO_CHUNK; ) events += submitAndReap(aio, 0, 0, micro.batch, micro.of);
  };
}

/** By tinybench, for `ms` by the clock. @returns ns of CPU time: what a neighbour takes of the core does not count */
function microWindow(call: () => void, ms: number): { readonly calls: number; readonly ns: number } {
  const bench = new Bench({ time: ms, iterations: 1, warmup: false, throws: true });
  bench.add('micro', call);
  const [used, began] = [threadCpuNs(), sched_clock()];
  bench.runSync();
  const wall = sched_clock() - began;
  const onCore = Math.min(1, ((threadCpuNs() ?? wall) - (used ?? 0)) / wall);
  const result = bench.tasks[0]?.result;
  if (result?.state !== 'completed') throw new Error(`tinybench did not measure: ${result?.state}`);
  return { calls: result.latency.samplesCount, ns: result.totalTime * 1e6 * onCore };
}

/** Windows until one of `ms` is full of CPU time, so that a busy machine has no less in it. */
function measureMicro(micro: Micro, loads: Loads, ms: number): Answer {
  const call = microCall(micro, loads);
  let [operations, ns] = [0, 0];
  for (let i = 0; i < MICRO_WINDOWS_MAX && ns < FULL * ms * 1e6; i++) {
    const window = microWindow(call, ms);
    operations += MICRO_CHUNK * window.calls;
    ns += window.ns;
  }
  return answer({ operations, ns });
}

class BenchCpu {
  private readonly task: CpuTask;
  private readonly cpu: number;
  private joined = false;

  constructor(task: CpuTask) {
    this.task = task;
    this.cpu = task.params.cpu;
  }

  private hook(): void {
    if (this.task.emptyHook) setHook({ access: () => {}, sleeper: null });
  }

  private boot({ areas, words, engine }: WorkOf<'boot'>): Answer {
    const { machine, params } = this.task;
    start_kernel(machine, params, 1);
    this.joined = true;
    const loads = { aio: makeAioLoad(areas), locks: makeLockLoad(words, engine) };
    this.hook();
    return answer({ loads });
  }

  private join({ loads }: Order): void {
    if (this.joined) return;
    start_secondary(this.task.machine, this.task.params);
    if (loads !== null) become(loads.aio.process);
    this.hook();
    this.joined = true;
  }

  private aio({ aio }: Loads, { sharedContext, batch }: WorkOf<'aio'>, order: Order): Answer {
    const context = sharedContext ? 0 : this.cpu;
    return untilOver(order, () => {
      let events = 0;
      for (let i = 0; i < BATCHES; i++) events += submitAndReap(aio, this.cpu, context, batch, 'empty');
      return events;
    });
  }

  private run(order: Order, loads: Loads): Answer {
    const { work, ms, stop } = order;
    switch (work.kind) {
      case 'micro':
        return measureMicro(work.micro, loads, ms);
      case 'lock': {
        const lockings = LOCKINGS[work.lock];
        return untilOver(order, () => {
          lockings(loads.locks, CHUNK, work.steps);
          return CHUNK;
        });
      }
      case 'count':
        return answer({ operations: countOf(loads.locks, work.lock) });
      case 'aio':
        return this.aio(loads, work, order);
      case 'serve':
        serve(work.daemon, stop);
        return answer({});
      case 'busy':
        while (wordLoad(stop, 0) === 0) submitAndReap(loads.aio, this.cpu, this.cpu, BATCH_MAX, 'empty');
        return answer({});
      case 'latency':
        return answer({ figures: measureLatency(loads.aio, this.cpu, ms, stop) });
      case 'footprint':
        return answer({ figures: measureFootprint() });
      default:
        return answer({});
    }
  }

  obey(order: Order): Answer {
    if (order.work.kind === 'boot') return this.boot(order.work);
    this.join(order);
    if (order.loads === null) return answer({});
    gather(order);
    return this.run(order, order.loads);
  }
}

function reply({ port }: CpuTask, cpu: BenchCpu, order: Order): void {
  let said: Reply;
  try {
    said = { answer: cpu.obey(order) };
  } catch (error) {
    said = { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  port.postMessage(said);
}

/** The task. It ends when the order is null. */
export default function benchCpu(task: CpuTask): void {
  const cpu = new BenchCpu(task);
  for (;;) {
    // Before the look: an order that comes behind the look has changed it.
    const rung = wordLoad(task.bell, 0);
    const received = receiveMessageOnPort(task.port) as { readonly message: Order | null } | undefined;
    if (received === undefined) wordWait(task.bell, 0, rung, LOOK_MS);
    else if (received.message === null) return;
    else reply(task, cpu, received.message);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** A CPU of a torture test: the entry of its piscina thread, which vitest does not transform. Compiled to dist/. */
import {
  ARRIVED,
  controlPanel,
  currentPhase,
  isAborted,
  MachineAborted,
  PHASE,
  setThread,
} from '../arch/sab/control.ts';
import { setHook } from '../arch/sab/memory.ts';
import { Prng } from '../arch/sab/prng.ts';
import { ownThread } from '../arch/sab/thread.ts';
import { wordAdd, wordLoad, wordNotify, wordStore, wordWait } from '../arch/sab/words.ts';
import { type CpuParams, type Machine, start_secondary } from '../init/machine.ts';
import { KernelOops } from '../kernel/oops.ts';
import { rcu_gp_kthread, rcu_kick } from '../kernel/rcu/tree.ts';
import { kernel_enter, kernel_exit } from '../kernel/sched/core.ts';
import { worker_thread, workqueue_kick } from '../kernel/workqueue.ts';
import { bodies } from './bodies/index.ts';
import { addCounts, type Body, type Counts, type Daemon, type Env } from './body.ts';

/** One CPU's part. */
export interface TortureTask {
  readonly machine: Machine;
  readonly params: CpuParams;
  readonly body: string;
  /** What this CPU is, if it does not run the body. */
  readonly daemon: Daemon | null;
  readonly threads: number;
  readonly iterations: number;
  readonly variant: string;
}
export interface TortureResult {
  readonly counts: Counts;
  /** Why the CPU did not get to the end, null if it did. */
  readonly died: string | null;
}

/** The control panel's phase when the daemons are to finish. */
const PHASE_DONE = 1;
/** Longest sleep between two looks at the abort flag, ms. */
const LOOK_MS = 100;

/** Runs one step in the kernel. */
function inKernel<T>(step: () => T): T {
  kernel_enter();
  const result = step();
  kernel_exit();
  return result;
}

function makeEnv({ params, threads, iterations, variant }: TortureTask): Env {
  let meetings = 0;
  const control = controlPanel();
  const meet = (): void => {
    const all = ++meetings * threads;
    wordAdd(control, ARRIVED, 1);
    wordNotify(control, ARRIVED);
    for (let now = wordLoad(control, ARRIVED); now < all; now = wordLoad(control, ARRIVED)) {
      if (isAborted()) throw new MachineAborted();
      wordWait(control, ARRIVED, now, LOOK_MS);
    }
  };
  return {
    goOn: () => {
      if (isAborted()) throw new MachineAborted();
    },
    cpu: params.cpu,
    threads,
    iterations,
    variant,
    prng: new Prng(params.seed * 31 + params.cpu),
    meet: () => {
      kernel_exit();
      meet();
      kernel_enter();
    },
  };
}

function serve(daemon: Daemon): void {
  const done = (): boolean => currentPhase() === PHASE_DONE;
  inKernel(() => (daemon === 'rcu' ? rcu_gp_kthread(done) : worker_thread(done)));
}

function runBody(body: Body, env: Env): Counts {
  const counts: Counts = {};
  if (env.cpu === 0) inKernel(() => body.setup?.(env));
  inKernel(() => {
    env.meet();
    addCounts(counts, body.run(env));
    env.meet();
  });
  if (env.cpu !== 0) return counts;
  inKernel(() => addCounts(counts, body.finish?.(env) ?? {}));
  wordStore(controlPanel(), PHASE, PHASE_DONE);
  inKernel(() => {
    rcu_kick();
    workqueue_kick();
  });
  return counts;
}

/** The task. Never rejects: what goes wrong is in the result, and in the machine's oops records. */
export default function torture(task: TortureTask): TortureResult {
  try {
    start_secondary(task.machine, task.params);
    setThread(task.params.cpu, ownThread());
    if (task.daemon !== null) {
      serve(task.daemon);
      return { counts: {}, died: null };
    }
    const body = bodies[task.body];
    if (body === undefined) throw new Error(`there is no torture body ${task.body}`);
    return { counts: runBody(body, makeEnv(task)), died: null };
  } catch (error) {
    if (error instanceof MachineAborted) return { counts: {}, died: 'aborted' };
    if (error instanceof KernelOops) return { counts: {}, died: error.kind };
    return { counts: {}, died: error instanceof Error ? `${error.stack}` : String(error) };
  } finally {
    setHook(null);
  }
}

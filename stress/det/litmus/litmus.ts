// SPDX-License-Identifier: GPL-2.0-only
/** Runs litmus tests under the deterministic engine, a seed at a time, and collects what the registers held. */
import { i32, memory, setRamSize, store32 } from '../../../src/arch/sab/memory.ts';
import { createWords, wordLoad, wordWaitAsync } from '../../../src/arch/sab/words.ts';
import { DetCpu } from '../../../src/det/det_cpu.ts';
import { createDetBuffers, type DetBuffers, DetState, RUNNABLE, SHARED } from '../../../src/det/state.ts';
import { stateHash } from '../../../src/det/watch.ts';
import { ROOT } from '../../host/root.ts';
import { startThreads } from '../../host/threads.ts';
import {
  type Chosen,
  type Decision,
  listedChoices,
  loggedSteps,
  prepare,
  recorded,
  type WatchedChoice,
} from '../schedule/words.ts';
import type { Litmus } from './litmus.test-data.ts';
import { LITMUS_MIB, type LitmusTask, NO_SIGNS, variableAt } from './thread.ts';

const THREADS = 4;
const VARIABLES = 12;
const REGISTERS = 4;
const ENTRY = new URL('dist/stress/det/litmus/thread.js', ROOT).href;

export interface LitmusRun {
  /** A digit for each register. */
  readonly outcome: string;
  readonly hash: number;
  readonly decisions: readonly Decision[];
  readonly choices: readonly WatchedChoice[];
  readonly log: Int32Array;
  /** Hash of the state at the end; of a run whose states are watched. */
  readonly state: string;
}

export class LitmusPool {
  private readonly piscina = startThreads(ENTRY, THREADS, memory);
  private readonly buffers = new Map<number, DetBuffers>();

  /** One schedule of a test. */
  async run(test: Litmus, how: Chosen): Promise<LitmusRun> {
    const cpus = test.threads.length;
    const det = this.buffers.get(cpus) ?? createDetBuffers(cpus, i32, LITMUS_MIB * 262_144);
    this.buffers.set(cpus, det);
    setRamSize(LITMUS_MIB);
    prepare(det, cpus, how);
    for (let n = 0; n < VARIABLES; n++) {
      store32(variableAt(n), 0);
      det.known[n * 16] = SHARED;
    }
    const results = createWords(1 + REGISTERS);
    const running = test.threads.map((ops, cpu) => {
      const task: LitmusTask = { cpu, det, ops, results };
      return this.piscina.run(task);
    });
    for (let joined = 0; joined < cpus; joined = wordLoad(results, 0)) await wordWaitAsync(results, 0, joined, 100);
    const state = new DetState(det);
    for (let cpu = 0; cpu < cpus; cpu++) state.cpu(cpu).state = RUNNABLE;
    new DetCpu(cpus, det, NO_SIGNS, null).start();
    await Promise.all(running);
    const registers = Math.max(...test.sc.map((outcome) => outcome.length));
    return {
      outcome: Array.from({ length: registers }, (_, n) => results[1 + n]).join(''),
      hash: state.round.hash >>> 0,
      decisions: recorded(det),
      choices: how.listChoices ? listedChoices(det) : [],
      log: loggedSteps(det),
      state: [0, 1].map((lane) => stateHash(state, 0, lane as 0 | 1)).join(),
    };
  }

  async close(): Promise<void> {
    await this.piscina.destroy();
  }
}

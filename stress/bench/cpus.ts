// SPDX-License-Identifier: GPL-2.0-only
/**
 * A machine whose CPUs are measured: piscina threads that live as long as the benchmark, in a memory of their own, so
 * that machines with different instruments can be measured in turns.
 *
 * This thread runs no kernel code. It posts an order to each CPU of a window, rings, and sleeps until all have
 * answered.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { type EngineMutex, makeEngineMutex } from '../../src/arch/sab/engine_mutex.ts';
import { createMemory } from '../../src/arch/sab/memory.ts';
import { createWords, type Words, wordAdd, wordNotify } from '../../src/arch/sab/words.ts';
import { createMachine, type Machine } from '../../src/init/machine.ts';
import { ROOT } from '../host/root.ts';
import { startThreads } from '../host/threads.ts';
import { allowInlining } from './inlining.ts';
import { LOCK_WORDS } from './loads/locks.ts';
import type { Answer, CpuTask, Instruments, Loads, Order, Reply, Work } from './work.ts';

const NO_INSTRUMENTS: Instruments = {
  lockdep: false,
  lockStat: false,
  trace: false,
  emptyHook: false,
  sanitize: false,
};
const ENTRY = new URL('dist/stress/bench/worker.js', ROOT).href;

interface Cpu {
  readonly port: MessagePort;
  readonly bell: Words;
  /** Takes the next reply. */
  take: (reply: Reply) => void;
}

export interface CpusOptions {
  /** possible CPUs */
  readonly cpus: number;
  /** CPUs that run, from the first; all of them if nothing is said */
  readonly threads?: number;
  readonly instruments?: Partial<Instruments>;
  readonly engine?: EngineMutex | null;
}

const ARENA_MIB = 64;

export class BenchCpus {
  readonly count: number;
  private readonly piscina: Piscina;
  private readonly machine: Machine;
  private readonly cpus: readonly Cpu[];
  private readonly tasks: Promise<unknown>[] = [];
  private readonly engine: EngineMutex | null;
  private loads: Loads | null = null;

  /** Starts the threads. boot() before anything else. */
  constructor({ cpus, threads = cpus, instruments = {}, engine = makeEngineMutex() }: CpusOptions) {
    const set = { ...NO_INSTRUMENTS, ...instruments };
    this.count = threads;
    this.engine = engine;
    allowInlining(set.sanitize);
    const memory = createMemory();
    this.machine = { ...createMachine({ cpus, arenaMib: ARENA_MIB, sanitize: set.sanitize }), memory };
    this.piscina = startThreads(ENTRY, threads, memory);
    const roles = Array.from({ length: cpus }, (_, cpu) => `bench${cpu}`);
    const common = { reverted: [], seed: 1, perturb: 'none' as const, roles, bootTime: ktime_get() };
    this.cpus = roles.slice(0, threads).map((_, cpu) => {
      const { lockdep, lockStat, trace, emptyHook } = set;
      return this.start({ ...common, cpu, debug: trace, lockdep, lockStat }, emptyHook);
    });
  }

  private start(params: CpuTask['params'], emptyHook: boolean): Cpu {
    const { port1, port2 } = new MessageChannel();
    const cpu: Cpu = { port: port1, bell: createWords(1), take: () => {} };
    port1.on('message', (reply: Reply) => cpu.take(reply));
    const task: CpuTask = { params, machine: this.machine, emptyHook, port: port2, bell: cpu.bell };
    const ended = this.piscina.run(task, { transferList: [port2] });
    // a thread that dies answers, too
    this.tasks.push(
      ended.catch((error: unknown) => cpu.take({ failed: `the thread of CPU ${params.cpu} died: ${error}` })),
    );
    return cpu;
  }

  private post({ port, bell }: Cpu, order: Order | null): void {
    port.postMessage(order);
    wordAdd(bell, 0, 1);
    wordNotify(bell, 0);
  }

  /** @throws Error what went wrong on the CPU */
  private async order(cpu: Cpu, order: Order): Promise<Answer> {
    const replied = new Promise<Reply>((resolve) => {
      cpu.take = resolve;
    });
    this.post(cpu, order);
    const reply = await replied;
    if ('failed' in reply) throw new Error(reply.failed);
    return reply.answer;
  }

  /** Boots the machine, and waits until every CPU has joined it. */
  async boot(): Promise<void> {
    const words = createWords(LOCK_WORDS);
    const [first] = await this.window([{ kind: 'boot', areas: this.count, words, engine: this.engine }], 0);
    this.loads = first?.loads ?? null;
    await this.window(
      this.cpus.map(() => ({ kind: 'join' })),
      0,
    );
  }

  /** A window, with work for as many CPUs as there are works. @param ms - its length */
  window(works: readonly Work[], ms: number): Promise<Answer[]> {
    const common = { loads: this.loads, ready: createWords(1), threads: works.length, stop: createWords(1), ms };
    return Promise.all(
      works.map((work, i) => {
        const cpu = this.cpus[i];
        if (cpu === undefined) throw new Error(`a window of ${works.length} on ${this.count} CPUs`);
        return this.order(cpu, { ...common, work });
      }),
    );
  }

  async close(): Promise<void> {
    for (const cpu of this.cpus) this.post(cpu, null);
    await Promise.all(this.tasks);
    for (const { port } of this.cpus) port.close();
    await this.piscina.destroy();
  }
}

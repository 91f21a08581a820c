// SPDX-License-Identifier: GPL-2.0-only
/**
 * The CPUs: a piscina pool with one long task a thread, for the whole run.
 *
 * A thread that does not come back when a round is given up is terminated, through its task's AbortSignal, and piscina
 * starts another in its place.
 */
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { DEAD, PHASE, setAborted } from '../../src/arch/sab/control.ts';
import type { HostLimit } from '../../src/arch/sab/host_limit.ts';
import { i32 } from '../../src/arch/sab/memory.ts';
import { type Words, wordAdd, wordNotify, wordStore } from '../../src/arch/sab/words.ts';
import { createDetBuffers, type DetBuffers } from '../../src/det/state.ts';
import { createMachine, type Machine } from '../../src/init/machine.ts';
import { createLedger } from '../../workers/ledger.ts';
import { createMeters, type MeterBuffers } from '../../workers/meters.ts';
import { type CpuReport, type CpuTask, LOADED, PHASE_EXIT, type RoundPlan } from '../../workers/protocol.ts';
import { refusedByHost } from '../host/limits.ts';
import { ROOT } from '../host/root.ts';
import { startThreads } from '../host/threads.ts';

const ENTRY = 'dist/workers/cpu.js';
/** Ledger entries in all; fewer for each CPU where there are many. */
const ENTRIES = 16_384;
const WORDS_PER_MIB = 262_144;
const ENTRIES_PER_CPU_MAX = 1024;
/** A schedule has few requests, and each entry's memory is mapped and unmapped in it; a ring of one page has 127. */
const ENTRIES_PER_CPU_DETERMINISTIC = 128;

/** How long threads may take to end when they are told to, and to load their code on a busy machine, ms. */
const CLOSE_MS = 600;
const LOADING_MS = 60_000;

interface Cpu {
  port: MessagePort;
  abort: AbortController;
  /** Settles when the task ends; says why if it was not told to. */
  done: Promise<void>;
  /** Settles when the thread has loaded its code. */
  loaded: Promise<void>;
  /** Whether the task ended before its time. */
  out: boolean;
  /** Of what the kernel that ran on it died, if it did. */
  died: string | null;
  report: CpuReport | null;
}

/** Waits for all, but no longer than that. */
async function allWithin(ms: number, promises: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([Promise.all(promises), late]);
  clearTimeout(timer);
}

/** V8 ends the process if a thread is ended that is just loading its code: each may do that first. */
const untilLoaded = (cpus: readonly Cpu[]): Promise<void> =>
  allWithin(
    LOADING_MS,
    cpus.map(({ loaded, done }) => Promise.race([loaded, done])),
  );

/** A machine with a thread for each CPU. */
export class Pool {
  readonly machine: Machine;
  readonly ledger: Words;
  readonly meters: MeterBuffers;
  readonly det: DetBuffers | null;
  private readonly piscina: Piscina;
  private readonly cpus: Cpu[] = [];
  private closing = false;
  private lostThread: HostLimit | null = null;

  /** @param deterministic - whether one thread is to run at a time @param entry - what the threads run */
  constructor(threads: number, arenaMib: number, sanitize: boolean, deterministic = false, entry = ENTRY) {
    this.machine = createMachine({ cpus: threads, arenaMib, sanitize });
    const entriesMax = deterministic ? ENTRIES_PER_CPU_DETERMINISTIC : ENTRIES_PER_CPU_MAX;
    this.ledger = createLedger(threads, Math.min(entriesMax, Math.floor(ENTRIES / threads)));
    this.meters = createMeters(threads);
    this.det = deterministic ? createDetBuffers(threads, i32, arenaMib * WORDS_PER_MIB) : null;
    this.piscina = startThreads(fileURLToPath(new URL(entry, ROOT)), threads, this.machine.memory);
    for (let cpu = 0; cpu < threads; cpu++) this.cpus.push(this.start(cpu));
  }

  /** Gives a CPU a thread. */
  private start(cpu: number): Cpu {
    const { port1, port2 } = new MessageChannel();
    const abort = new AbortController();
    const task: CpuTask = {
      cpu,
      machine: this.machine,
      ledger: this.ledger,
      meters: this.meters,
      det: this.det,
      port: port2,
    };
    const done = Promise.resolve();
    const started: Cpu = { port: port1, abort, done, loaded: done, died: null, report: null, out: false };
    started.loaded = new Promise((resolve) => {
      port1.on('message', (message: CpuReport | typeof LOADED) => {
        if (message === LOADED) resolve();
        else started.report = message;
      });
    });
    port1.unref();
    started.done = this.piscina.run(task, { signal: abort.signal, transferList: [port2] }).then(
      () => {},
      (error: unknown) => {
        if (this.closing) return;
        started.out = true;
        if (this.lose(error)) return;
        started.died = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      },
    );
    return started;
  }

  /** Takes note of a thread that the host has ended: the round cannot go on. @returns whether it has */
  private lose(error: unknown): boolean {
    const refused = refusedByHost(error);
    if (refused === null) return false;
    this.lostThread ??= refused;
    wordAdd(this.machine.control, DEAD, 1);
    return true;
  }

  /** Whether the run cannot go on, since the host has ended a thread. @throws HostLimit */
  checkThreads(): void {
    if (this.lostThread !== null) throw this.lostThread;
  }

  get threads(): number {
    return this.cpus.length;
  }

  /** Sends each CPU its plan. */
  post(plan: RoundPlan): void {
    for (const cpu of this.cpus) {
      cpu.report = null;
      cpu.port.postMessage(plan);
    }
  }

  /** What the CPUs have reported, null for one that has not. */
  reports(): (CpuReport | null)[] {
    return this.cpus.map((cpu) => cpu.report);
  }

  /** Whether a CPU has nothing more to do with the round: it has reported, or its thread is dead. */
  isOut(cpu: number): boolean {
    const { report, out } = this.cpus[cpu] as Cpu;
    return report !== null || out;
  }

  /** CPUs whose kernel has died, and of what; not those whose thread the host has ended. */
  casualties(): { cpu: number; why: string }[] {
    return this.cpus.flatMap(({ died }, cpu) => (died === null ? [] : [{ cpu, why: died }]));
  }

  /** Gives fresh threads to CPUs whose thread is dead or does not come back. */
  async replace(cpus: readonly number[]): Promise<void> {
    if (this.lostThread !== null) return;
    for (const cpu of cpus) {
      const old = this.cpus[cpu] as Cpu;
      await untilLoaded([old]);
      old.abort.abort();
      await old.done;
      old.port.close();
      this.cpus[cpu] = this.start(cpu);
    }
  }

  /** Tells every thread that the run is over, and ends those that do not hear. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    wordStore(this.machine.control, PHASE, PHASE_EXIT);
    wordNotify(this.machine.control, PHASE);
    await untilLoaded(this.cpus);
    await allWithin(
      CLOSE_MS,
      this.cpus.map(({ done }) => done),
    );
    setAborted(true);
    for (const cpu of this.cpus) cpu.port.close();
    await this.piscina.destroy();
  }
}

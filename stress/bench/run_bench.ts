// SPDX-License-Identifier: GPL-2.0-only
/**
 * All parts of a benchmark, round by round.
 *
 * Parts that are made of short windows share the rounds, so that each of their figures is spread over the whole time.
 * The others follow one by one, since they start threads of their own and end them.
 */
import { quantile } from 'simple-statistics';
import { wall_clock } from '../../src/arch/sab/clock.ts';
import { makeEngineMutex } from '../../src/arch/sab/engine_mutex.ts';
import { environment } from '../host/environment.ts';
import { refusedByHost } from '../host/limits.ts';
import { clock } from '../text/layout.ts';
import type { BenchOptions } from './bench_options.ts';
import { BENCH_SCHEMA_VERSION, type Bench, type Group, PARTS, type PartName } from './bench_result.ts';
import { BenchCpus } from './cpus.ts';
import { NOISY_CPUS } from './foreign.ts';
import { MACHINE_CPUS, type Part, type PartMaker, type Setup } from './part.ts';
import { instruments } from './parts/instruments.ts';
import { latency } from './parts/latency.ts';
import { fairness, locks } from './parts/locks.ts';
import { footprints } from './parts/memory.ts';
import { port } from './parts/port.ts';
import { scaling } from './parts/scaling.ts';
import { schedules } from './parts/schedules.ts';
import { startup } from './parts/startup.ts';
import { targetRows } from './targets.ts';
import { Yardstick } from './yardstick.ts';

const MAKERS: Readonly<Record<PartName, PartMaker>> = {
  locks,
  fairness,
  port,
  instruments,
  scaling,
  latency,
  startup,
  memory: footprints,
  schedules,
};
/** Parts whose rounds are interleaved. */
const TOGETHER: readonly PartName[] = ['locks', 'port', 'instruments'];
/** In which V8 compiles. */
const WARMUP_ROUNDS = 5;
const WARMUP_ROUNDS_ALONE = 1;

export interface Telling {
  /** Takes a line of progress. */
  readonly tell: (line: string) => void;
  readonly stopped: () => boolean;
  /** Resolves when what is interrupted has had its time to end by itself. */
  readonly givenUp: Promise<void>;
}

class Benchmarking {
  private readonly options: BenchOptions;
  private readonly telling: Telling;
  private readonly setup: Setup;
  private readonly foreign: number[] = [];
  private windows = 0;
  private machine: BenchCpus | null = null;
  private failure: string | null = null;
  private readonly startedAt = new Date().toISOString();
  private readonly start = wall_clock();
  /** Those of parts that are over. */
  private readonly groups: Group[] = [];
  private parts: Part[] = [];

  constructor(options: BenchOptions, telling: Telling, yardstick: Yardstick) {
    this.options = options;
    this.telling = telling;
    this.setup = {
      yardstick,
      engine: makeEngineMutex(),
      machine: () => this.sharedMachine(),
      ms: options.ms,
      quick: options.quick,
      stopped: telling.stopped,
      window: (foreign) => {
        this.windows += 1;
        if (foreign !== null) this.foreign.push(foreign);
      },
    };
  }

  private async sharedMachine(): Promise<BenchCpus> {
    if (this.machine === null) {
      this.machine = new BenchCpus({ cpus: MACHINE_CPUS, engine: this.setup.engine });
      await this.machine.boot();
    }
    return this.machine;
  }

  private say(text: string): void {
    this.telling.tell(`bench: ${clock((wall_clock() - this.start) / 1e6)} ${text}`);
  }

  /** Some parts at once. @param warmups - rounds that do not count */
  private async runTogether(names: readonly PartName[], warmups: number): Promise<void> {
    if (names.length === 0 || this.telling.stopped()) return;
    const { rounds } = this.options;
    this.say(`${names.join(', ')}: starting threads`);
    const { parts } = this;
    try {
      for (const name of names) parts.push(await MAKERS[name](this.setup, rounds));
      const most = Math.max(...parts.map((part) => part.rounds));
      for (let round = -warmups; round < most && !this.telling.stopped(); round++) {
        this.say(round < 0 ? `${names.join(', ')}: warming up` : `${names.join(', ')}: round ${round + 1} of ${most}`);
        for (const part of parts) if (round < part.rounds) await part.measure(round);
      }
    } finally {
      this.groups.push(...parts.flatMap((part) => part.groups()));
      this.parts = [];
    }
    await Promise.all(parts.map((part) => part.close()));
  }

  /** Whatever breaks, what has been measured is kept. */
  async run(): Promise<void> {
    try {
      await this.runAll();
    } catch (error) {
      // a child that Ctrl-C has hit as well is none
      if (!this.telling.stopped())
        this.failure = refusedByHost(error)?.message ?? (error instanceof Error ? error.stack : null) ?? String(error);
    }
  }

  private async runAll(): Promise<void> {
    const { only } = this.options;
    const together = TOGETHER.filter((name) => only.includes(name));
    await this.runTogether(together, WARMUP_ROUNDS);
    for (const name of PARTS)
      if (only.includes(name) && !together.includes(name)) await this.runTogether([name], WARMUP_ROUNDS_ALONE);
    await this.machine?.close();
  }

  result(): Bench {
    const { only, rounds, ms, again } = this.options;
    const measured = [...this.groups, ...this.parts.flatMap((part) => part.groups())];
    const groups = measured.sort((a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part));
    const known = this.foreign.length > 0;
    return {
      schemaVersion: BENCH_SCHEMA_VERSION,
      startedAt: this.startedAt,
      seconds: (wall_clock() - this.start) / 1e9,
      interrupted: this.telling.stopped(),
      failure: this.failure,
      again,
      environment: environment(),
      parts: only,
      rounds,
      windowMs: ms,
      foreign: {
        median: known ? quantile(this.foreign, 0.5) : null,
        p90: known ? quantile(this.foreign, 0.9) : null,
        limit: NOISY_CPUS,
        windows: this.windows,
        noisyWindows: this.foreign.filter((cpus) => cpus > NOISY_CPUS).length,
      },
      groups,
      targets: targetRows(groups),
      comparison: null,
    };
  }
}

/** Measures what is asked for, until it is done or `telling.stopped()`. */
export async function runBench(options: BenchOptions, telling: Telling): Promise<Bench> {
  const yardstick = new Yardstick();
  const benchmarking = new Benchmarking(options, telling, yardstick);
  try {
    await Promise.race([benchmarking.run(), telling.givenUp]);
  } finally {
    yardstick.dispose();
  }
  return benchmarking.result();
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether a phase that does not end is a hang, or only waits for a machine that is too busy.
 *
 * A hang is proven, or it is none:
 *
 *   asleep   every CPU waits for a wake-up that nobody is left to send
 *   awake    every CPU that may go on has had its chance, and nothing got done. A chance is time on a core, as the
 *            operating system counts it for the thread, not time on the wall; or to sleep on although the word that it
 *            slept on has changed
 *
 * Whatever else lasts too long says nothing about the kernel.
 */
import { wall_clock } from '../../src/arch/sab/clock.ts';
import { anyWaking, threadOf } from '../../src/arch/sab/control.ts';
import { isInDoubt, isStill, mayGoOn } from '../../src/arch/sab/stillness.ts';
import { isThreadAsleep, type ThreadTime, threadTime } from '../../src/arch/sab/thread.ts';
import { plural, span } from '../text/layout.ts';

/** How long a phase may last, ms observed. */
const PATIENCE_MS = 60_000;
/** Where this process itself seldom runs: so long by the clock, if at least so much of it was observed. */
const PATIENCE_WALL_MS = 300_000;
const OBSERVED_LEAST_MS = 10_000;
/** Looks in a row at which the machine stood still. Who may need a nudge gets one after each. */
const STILL_LOOKS = 3;
/** Between two looks at the threads' times. */
const TIMES_MS = 250;

/** What a thread must have had before its silence counts: time on a core, or so many turns on one. */
interface Chance {
  readonly ns: number;
  readonly slices: number;
}
/** Since anything got done. */
const CHANCE: Chance = { ns: 3e9, slices: 2000 };
/** Since the phase began, though things get done. */
const LONG_CHANCE: Chance = { ns: 20e9, slices: Number.POSITIVE_INFINITY };

/** Under a schedule, since the last step: whoever has had so much computes without an end. */
const COMPUTES: Chance = { ns: 10e9, slices: Number.POSITIVE_INFINITY };

/** How a phase that does not end is to be taken: a hang, or a reason to say nothing. */
export type Standstill = { readonly hang: true } | { readonly hang: false; readonly reason: string };

/** Time that has passed while this thread looked. A gap is a host that stood still, and the CPUs with it. */
export class ObservedTime {
  private static readonly GAP_MS = 250;
  private last = wall_clock();
  ms = 0;

  /** @returns by how much it has gone on since the last look, ms */
  look(): number {
    const now = wall_clock();
    const step = Math.min((now - this.last) / 1e6, ObservedTime.GAP_MS);
    this.last = now;
    this.ms += step;
    return step;
  }
}

/** What the threads of CPUs have had until now. */
export class CpuTimes {
  private readonly cpus: number;
  private readonly before: readonly (ThreadTime | null)[];

  constructor(cpus: number) {
    this.cpus = cpus;
    this.before = this.read();
  }

  private read(): (ThreadTime | null)[] {
    return Array.from({ length: this.cpus }, (_, cpu) => {
      const thread = threadOf(cpu);
      return thread === 0 ? null : threadTime(thread);
    });
  }

  /** @returns what each has had since; null where the system does not say */
  since(): (ThreadTime | null)[] {
    return this.read().map((now, cpu) => {
      const before = this.before[cpu] ?? null;
      return now === null || before === null ? null : { ns: now.ns - before.ns, slices: now.slices - before.slices };
    });
  }
}

export const hadChance = (had: ThreadTime | null, { ns, slices }: Chance = CHANCE): boolean =>
  had !== null && (had.ns >= ns || had.slices >= slices);

/** @param had - what the threads that could have gone on have had in `ms` */
export function starvedReason(phase: string, had: readonly (ThreadTime | null)[], ms: number): string {
  const threads = plural(had.length, 'thread');
  if (had.length === 0) return `${phase} did not end in ${span(ms)}: sleepers were woken and never ran`;
  const known = had.flatMap((time) => (time === null ? [] : [time.ns]));
  if (known.length < had.length) return `${phase} did not end in ${span(ms)}: ${threads} did not get there`;
  const ns = known.reduce((sum, n) => sum + n, 0);
  const cpu = ns < 1e6 ? 'no CPU' : `${span(ns / 1e6)} of CPU`;
  return `${phase} did not end: the machine gave ${threads} ${cpu} in ${span(ms)}`;
}

/** Watches one phase. */
export class Watchdog {
  private readonly cpus: number;
  private readonly phase: string;
  private readonly patienceMs: number;
  private readonly startedAt = wall_clock();
  private readonly observed = new ObservedTime();
  private readonly begun: CpuTimes;
  private progress = Number.NaN;
  /** Since anything got done. */
  private standingMs = 0;
  private standing: CpuTimes | null = null;
  private nextTimesMs = TIMES_MS;
  private stillLooks = 0;

  constructor(cpus: number, phase: string, patienceMs = PATIENCE_MS) {
    this.cpus = cpus;
    this.phase = phase;
    this.patienceMs = patienceMs;
    this.begun = new CpuTimes(cpus);
  }

  /** @param progress - changes when anything gets done @returns null while there is nothing to say */
  look(progress: number): Standstill | null {
    const step = this.observed.look();
    if (progress === this.progress) this.standingMs += step;
    else {
      this.progress = progress;
      this.standingMs = 0;
      this.standing = null;
      this.nextTimesMs = TIMES_MS;
    }
    this.stillLooks = isStill(this.cpus) ? this.stillLooks + 1 : 0;
    if (this.stillLooks >= STILL_LOOKS || this.isSilent()) return { hang: true };
    if (!this.isOverdue()) return null;
    if (this.allHadChance(this.begun, LONG_CHANCE)) return { hang: true };
    return { hang: false, reason: starvedReason(this.phase, this.ofThoseWhoMay(this.begun), this.observed.ms) };
  }

  private isOverdue(): boolean {
    const wallMs = (wall_clock() - this.startedAt) / 1e6;
    return this.observed.ms > this.patienceMs || (wallMs > PATIENCE_WALL_MS && this.observed.ms > OBSERVED_LEAST_MS);
  }

  /** Whether nothing gets done although everybody has had a chance. */
  private isSilent(): boolean {
    if (this.standingMs < this.nextTimesMs) return false;
    this.nextTimesMs = this.standingMs + TIMES_MS;
    if (this.standing !== null) return this.allHadChance(this.standing, CHANCE);
    this.standing = new CpuTimes(this.cpus);
    return false;
  }

  private ofThoseWhoMay(times: CpuTimes): (ThreadTime | null)[] {
    return times.since().filter((_, cpu) => mayGoOn(cpu));
  }

  private allHadChance(times: CpuTimes, chance: Chance): boolean {
    // A sleeper that has been woken may go on, and looks as if it slept.
    if (anyWaking()) return false;
    const had = times.since();
    const parties = had.map((_, cpu) => cpu).filter(mayGoOn);
    return (
      parties.length > 0 &&
      parties.every((cpu) => hadChance(had[cpu] ?? null, chance) || sleepsInVain(cpu, had[cpu] ?? null))
    );
  }
}

/** Whether its word has changed, and yet it has slept all the time: nobody has notified it. */
const sleepsInVain = (cpu: number, had: ThreadTime | null): boolean =>
  had !== null && had.slices === 0 && isInDoubt(cpu) && isThreadAsleep(threadOf(cpu));

/** Watches the thread that runs under a schedule, whichever it is: one at a time does. */
export class BatonWatchdog {
  private readonly cpus: number;
  private observed = new ObservedTime();
  private times: CpuTimes;
  private steps = Number.NaN;

  constructor(cpus: number) {
    this.cpus = cpus;
    this.times = new CpuTimes(cpus);
  }

  /** @param steps - taken by all so far */
  look(steps: number): Standstill | null {
    if (steps !== this.steps) {
      this.steps = steps;
      this.observed = new ObservedTime();
      this.times = new CpuTimes(this.cpus);
      return null;
    }
    this.observed.look();
    const had = this.times.since();
    if (had.some((time) => hadChance(time, COMPUTES))) return { hang: true };
    if (this.observed.ms < PATIENCE_MS) return null;
    return { hang: false, reason: starvedReason('a step', had, this.observed.ms) };
  }
}

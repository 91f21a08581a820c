// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the CPUs of a deterministic machine share about their schedule, in words outside RAM.
 *
 * One CPU runs at a time: the one that has the baton. It reads and writes these words plainly; the hand-over is what
 * orders them. The operator, who boots, judges and decides what is next, takes part as one CPU more.
 */
import { type WordsOf, wordStruct } from '../arch/sab/word_struct.ts';
import { type Bytes, createBytes, createDoubles, createWords, type Doubles, type Words } from '../arch/sab/words.ts';
import { createFullBuffers, type FullBuffers } from './full_buffers.ts';

/** Points at which pct lowers a priority, at most. */
export const CHANGES_MAX = 16;

const round = wordStruct('det_round', {
  /** Accesses so far, of all CPUs. */
  steps: 1,
  /** Over who touched what, in order. */
  hash: 1,
  /** Steps after which the operator is asked what is next. */
  max_steps: 1,
  /** Why the operator has the baton: one of the reasons below. */
  why: 1,
  /** Set: whoever wakes leaves the round. */
  abort: 1,
  switches: 1,
  /** CPUs of the round. */
  cpus: 1,
  /** Steps at which another CPU might have been chosen. */
  points: 1,
  /** Arrivals that the operator waits for; 0 for none. */
  needed: 1,
  /** Whether a finding ends the round. */
  stop_at_finding: 1,

  /** Index in SCHEDULERS. */
  scheduler: 1,
  /** State of the scheduler's own random numbers. */
  rng: 1,
  /** The scheduler for which a script that cannot be followed is left; 0 for none. */
  go_on: 1,
  /** The lowest priority that has been given away, for pct. */
  lowest: 1,
  /** Points at which pct lowers the running CPU's priority, ascending; 0 for none. */
  changes: CHANGES_MAX,
  /** Index in MEMORIES. */
  memory: 1,

  /** Decisions in the recording. */
  decisions: 1,
  /** Whether choices are listed, for an exhaustive search; and how many are. */
  list_choices: 1,
  choices: 1,
  /** Whether each step is logged; and how many are. */
  log_steps: 1,
  logged: 1,
  /** Whether states are hashed, for an exhaustive search; see watch.ts. */
  watching: 1,
  /** Hash of what memory and the books hold. */
  held: 2,
});
export type RoundWords = WordsOf<typeof round>;

const cpu_words = wordStruct('det_cpu', {
  /** Set by whoever hands the baton over; the word that the CPU sleeps on. */
  go: 1,
  /** OUT, RUNNABLE, ASLEEP or WAITING */
  state: 1,
  /** Address that it sleeps on, if it does. */
  word: 1,
  /** When it went to sleep, in steps; the longest asleep is woken first. */
  since: 1,
  /** Whether its time ran out. */
  timed_out: 1,
  /** Phase that it waits for. */
  awaited: 1,
  /** Its own steps. */
  local: 1,
  priority: 1,
  /** What it is about to do: address, bytes, and whether it writes. */
  pending: 1,
  pending_bytes: 1,
  pending_writes: 1,
  /** Next entry of its script, and the one behind its last. */
  cursor: 1,
  script_to: 1,
  /** Hash of what it has seen. */
  seen: 2,
  /** What the kernel's clock said, us, if it has been read since the CPU slept. */
  read_us: 1,
});
export type CpuWords = WordsOf<typeof cpu_words>;

/** Not in the round, or out of it. */
export const OUT = 0;
export const RUNNABLE = 1;
/** On a word of memory. */
export const ASLEEP = 2;
/** For a phase. */
export const WAITING = 3;

/** Reasons for which the operator gets the baton. */
export const ARRIVED_ALL = 1;
export const NOBODY_CAN = 2;
export const STEPS_DONE = 3;
export const CPU_DIED = 4;
export const FOUND = 5;

/** When plain stores are seen by others: at once, later but in order, in any order; see memory_model.ts. */
export const MEMORIES = ['sc', 'tso', 'weak'] as const;
export type Memory = (typeof MEMORIES)[number];
/** Where a decision has the next CPU, this and more: by how much an access deviates from sequential consistency. */
export const MEMORY_DECISION = 64;
/** Where a decision has the next CPU: after this step the device interrupts the CPU. Above all of those. */
export const INTERRUPT_DECISION = 65_536;

/** Entries that a recording, a script and a list of choices can have. */
export const ENTRIES_MAX = 65_536;
/** [cpu, its own step, next cpu] */
export const DECISION_WORDS = 3;
/**
 * [cpu, its own step, default, mask of those that could run, 1 if the CPU itself could have gone on, address,
 * hash of the state, two words, steps in the log]
 */
export const CHOICE_WORDS = 9;

/** Can be posted. */
export interface DetBuffers {
  /** The memory under schedule, and how many of its words are; a memory model keeps its own words behind them. */
  readonly ram: Int32Array;
  readonly ramWords: number;
  readonly words: Words;
  /** [virtual time, next deadline, each CPU's deadline], ns */
  readonly times: Doubles;
  /** Every deviation from the default schedule of the round under way. */
  readonly recording: Words;
  /** Those to be followed, by CPU. */
  readonly script: Words;
  readonly choices: Words;
  /** See step_log.ts. */
  readonly log: Words;
  /** What is told of a schedule that is run again for it. */
  readonly full: FullBuffers;
  /** For each word of memory who has touched it, as far as is known: for choosing, and what is being learned. */
  readonly known: Bytes;
  readonly learned: Bytes;
}

/** Steps that the log has room for, and its words for each. */
export const LOG_MAX = 1 << 20;
export const LOG_WORDS = 2;

export const createDetBuffers = (cpus: number, ram: Int32Array, ramWords: number): DetBuffers => ({
  ram,
  ramWords,
  words: createWords(round.length + (cpus + 1) * cpu_words.length),
  times: createDoubles(2 + cpus),
  recording: createWords(ENTRIES_MAX * DECISION_WORDS),
  script: createWords(ENTRIES_MAX * DECISION_WORDS),
  choices: createWords(ENTRIES_MAX * CHOICE_WORDS),
  log: createWords(LOG_MAX * LOG_WORDS),
  full: createFullBuffers(),
  known: createBytes(ramWords),
  learned: createBytes(ramWords),
});

export const CLOCK = 0;
export const NEXT_DEADLINE = 1;
export const DEADLINES = 2;

/** The words by name. Each thread has its own views. */
export class DetState {
  readonly round: RoundWords;
  readonly times: Doubles;
  readonly script: Words;
  private readonly blocks: readonly CpuWords[];

  constructor({ words, times, script }: Pick<DetBuffers, 'words' | 'times' | 'script'>) {
    this.round = round.at(words, 0);
    this.times = times;
    this.script = script;
    const count = (words.length - round.length) / cpu_words.length;
    this.blocks = Array.from({ length: count }, (_, cpu) => cpu_words.at(words, round.length + cpu * cpu_words.length));
  }

  /** @param cpu - the operator is the one behind the last */
  cpu(cpu: number): CpuWords {
    return this.blocks[cpu] as CpuWords;
  }

  /** Whose baton it is to judge. */
  get operator(): number {
    return this.round.cpus;
  }

  canRun(cpu: number): boolean {
    return this.cpu(cpu).state === RUNNABLE;
  }

  /** The CPU that runs by default when `cpu` cannot: the next in turn. @returns -1 if none can */
  nextInTurn(cpu: number): number {
    const { cpus } = this.round;
    for (let i = 1; i <= cpus; i++) {
      const other = (cpu + i) % cpus;
      if (this.canRun(other)) return other;
    }
    return -1;
  }

  /** @returns 32 random bits, unsigned */
  draw(): number {
    let x = this.round.rng;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.round.rng = x;
    return Math.imul(x, 0x9e3779b1) >>> 0;
  }
}

/** A word that more than one CPU has touched, and one of them written; and one that several have read. */
export const SHARED = 255;
export const READ_SHARED = 127;
/** In the byte of a word that one CPU has touched, its number plus one: it has written. */
export const WRITTEN = 128;

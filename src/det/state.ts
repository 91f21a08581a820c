// SPDX-License-Identifier: GPL-2.0-only
/**
 * What the CPUs of a deterministic machine share about their schedule, in words outside RAM.
 *
 * One CPU runs at a time: the one that has the baton. It reads and writes these words plainly; the hand-over is what
 * orders them. The operator, who boots, judges and decides what is next, takes part as one CPU more.
 */
import { type Bytes, createBytes, createDoubles, createWords, type Doubles, type Words } from '../arch/sab/words.ts';
import { createFullBuffers, type FullBuffers } from './full_recorder.ts';

// Words of the header.
/** Accesses to RAM so far, of all CPUs. */
export const STEPS = 0;
/** Over who touched what, in order. */
export const HASH = 1;
/** State of the scheduler's own random numbers. */
export const RNG = 2;
/** Steps after which the operator is asked what is next. */
export const MAX_STEPS = 3;
/** Why the operator has the baton: one of REASON. */
export const WHY = 4;
/** Set: whoever wakes leaves the round. */
export const ABORT = 5;
export const SWITCHES = 6;
/** One of SCHEDULERS. */
export const SCHEDULER = 7;
/** CPUs of the round. */
export const CPUS = 8;
/** Steps at which another CPU might have been chosen. */
export const POINTS = 9;
/** Arrivals that the operator waits for; 0 for none. */
export const NEEDED = 10;
/** Decisions in the recording. */
export const DECISIONS = 11;
/** Points in the list of those at which there was a choice. */
export const CHOICES = 12;
/** Whether a finding ends the round. */
export const STOP_AT_FINDING = 13;
/** Whether choices are listed, for an exhaustive search. */
export const LIST_CHOICES = 14;
/** The lowest priority that has been given away, for pct. */
export const LOWEST = 15;
/** Points at which pct lowers the running CPU's priority, ascending; 0 for none. */
export const CHANGES = 16;
export const CHANGES_MAX = 16;
/** Whether each step is logged. */
export const LOG_STEPS = 32;
/** Whether a script that cannot be followed is left for a walk under the seed. */
export const GO_ON = 34;
/** Steps in the log. */
export const LOGGED = 35;
/** One of MEMORIES. */
export const MEMORY = 33;
/** Whether states are hashed, for an exhaustive search; see watch.ts. */
export const WATCHING = 36;
/** Hash of what RAM and the books hold, two words. */
export const HELD = 37;
const HEADER_WORDS = 64;

/** Reasons for which the operator gets the baton. */
export const ARRIVED_ALL = 1;
export const NOBODY_CAN = 2;
export const STEPS_DONE = 3;
export const CPU_DIED = 4;
export const FOUND = 5;

export const SCHEDULERS = ['script', 'random', 'pct', 'pos'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** When plain stores are seen by others: at once, later but in order, in any order; see memory_model.ts. */
export const MEMORIES = ['sc', 'tso', 'weak'] as const;
export type Memory = (typeof MEMORIES)[number];
/** Where a decision has the next CPU, this and more: by how much an access deviates from sequential consistency. */
export const MEMORY_DECISION = 64;

// Words of a CPU's block; the operator's is the last.
/** Set by whoever hands the baton over; the word that the CPU sleeps on. */
export const GO = 0;
export const STATE = 1;
/** Address that it sleeps on, if it does. */
export const WORD = 2;
/** Phase that it waits for. */
export const AWAITED = 3;
/** Its own steps. */
export const LOCAL = 4;
export const PRIORITY = 5;
/** Whether its time ran out. */
export const TIMED_OUT = 6;
/** What it is about to do: address, and whether it writes. */
export const PENDING = 7;
export const PENDING_WRITES = 8;
/** When it went to sleep, in steps; the longest asleep is woken first. */
export const SINCE = 9;
/** Next entry of its script. */
export const CURSOR = 10;
/** First entry of its script, and the one behind its last. */
export const SCRIPT_FROM = 11;
export const SCRIPT_TO = 12;
/** Hash of what it has seen, two words. */
export const SEEN = 13;
/** What the kernel's clock said, us, if it has been read since the CPU slept. */
export const READ_US = 15;
/** Bytes that it is about to touch. */
export const PENDING_BYTES = 16;
const CPU_WORDS = 20;

/** Not in the round, or out of it. */
export const OUT = 0;
export const RUNNABLE = 1;
/** On a word of RAM. */
export const ASLEEP = 2;
/** For a phase. */
export const WAITING = 3;

/** Entries that a recording, a script and a list of choices can have. */
export const ENTRIES_MAX = 65_536;
/** Steps that the log has room for. */
export const LOG_MAX = 1 << 20;
/** [address, op, cpu and length: see logged()] */
export const LOG_WORDS = 2;
/** [cpu, its own step, next cpu] */
export const DECISION_WORDS = 3;
/**
 * [cpu, its own step, default, mask of those that could run, 1 if the CPU itself could have gone on, address,
 * hash of the state, two words, steps in the log]
 */
export const CHOICE_WORDS = 9;

/** Can be posted. */
export interface DetBuffers {
  readonly words: Words;
  /** [virtual time, next deadline, each CPU's deadline], ns */
  readonly times: Doubles;
  /** Every deviation from the default schedule of the round under way. */
  readonly recording: Words;
  /** Those to be followed, by CPU. */
  readonly script: Words;
  readonly choices: Words;
  readonly log: Words;
  /** What is told of a schedule that is run again for it. */
  readonly full: FullBuffers;
  /** For each word of RAM who has touched it, as far as is known: the one for choosing, and the one being learned. */
  readonly known: Bytes;
  readonly learned: Bytes;
}

export const createDetBuffers = (cpus: number, arenaMib: number): DetBuffers => ({
  words: createWords(HEADER_WORDS + (cpus + 1) * CPU_WORDS),
  times: createDoubles(2 + cpus),
  recording: createWords(ENTRIES_MAX * DECISION_WORDS),
  script: createWords(ENTRIES_MAX * DECISION_WORDS),
  choices: createWords(ENTRIES_MAX * CHOICE_WORDS),
  log: createWords(LOG_MAX * LOG_WORDS),
  full: createFullBuffers(),
  known: createBytes(arenaMib * 262_144),
  learned: createBytes(arenaMib * 262_144),
});

export const CLOCK = 0;
export const NEXT_DEADLINE = 1;
export const DEADLINES = 2;

/** What a step of the log is if it is no access: something that depends on the time, or that lets others run. */
export const NO_ACCESS = 3;
export const ON_TIME = 1;
export const WAKES = 2;
/** What the log says of a step beside its address. @param op - of the access, or NO_ACCESS with what it is for one */
export const logged = (op: number, cpu: number, bytes: number): number => op | (cpu << 2) | (bytes << 10);
export const opOf = (entry: number): number => entry & 3;
export const cpuOf = (entry: number): number => (entry >>> 2) & 0xff;
export const bytesOf = (entry: number): number => entry >>> 10;
/** Address in the log of a word of the books of user space: no address of RAM. */
export const bookAt = (index: number): number => -4 * (index + 1);

/** Index of a word in a CPU's block. */
export const at = (cpu: number, word: number): number => HEADER_WORDS + cpu * CPU_WORDS + word;

/** A word that more than one CPU has touched, and one of them written; and one that several have read. */
export const SHARED = 255;
export const READ_SHARED = 127;
/** In the byte of a word that one CPU has touched, its number plus one: it has written. */
export const WRITTEN = 128;

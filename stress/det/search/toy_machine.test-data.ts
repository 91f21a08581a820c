// SPDX-License-Identifier: GPL-2.0-only
/**
 * A machine of three threads with a known bug, whose schedules are written as the kernel's are: what the minimiser
 * makes of a noisy schedule is compared with the least that the bug needs.
 */
import { Prng } from '../../../src/arch/sab/prng.ts';
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import type { Engine, Outcome } from '../minimise/minimiser.ts';
import { SCHEDULE_FORMAT, type Schedule } from '../schedule/schedule.ts';
import type { Choice, Decision } from '../schedule/words.ts';

export interface Memory {
  a: number;
  b: number;
  seen: number[];
}
/** One step of a thread. */
export type Op = (memory: Memory) => void;

export interface Toy {
  /** By thread; run in order, each without a preemption by default. */
  readonly threads: readonly (readonly Op[])[];
  readonly isBroken: (memory: Memory) => boolean;
}

const idle: Op = () => {};
/** A thread's own steps between those that matter. */
const noise = (n: number): Op[] => Array.from({ length: n }, () => idle);

/** Both threads add one to `a`, by a load and a store: one preemption between the two loses one. */
export const LOST_UPDATE: Toy = {
  threads: [0, 1].map((me) => [
    ...noise(9),
    (m) => {
      m.seen[me] = m.a;
    },
    ...noise(2),
    (m) => {
      m.a = (m.seen[me] as number) + 1;
    },
    ...noise(9),
  ]),
  isBroken: ({ a }) => a === 1,
};

/** Thread 1 has to see `a` once while it is 1, and once when it is 2: there and back. */
export const SEEN_HALFWAY: Toy = {
  threads: [
    [
      ...noise(7),
      (m) => {
        m.a = 1;
      },
      ...noise(3),
      (m) => {
        m.a = 2;
      },
      ...noise(8),
    ],
    [
      ...noise(5),
      (m) => {
        m.seen[0] = m.a;
      },
      ...noise(4),
      (m) => {
        m.seen[1] = m.a;
      },
      ...noise(3),
    ],
    noise(20),
  ],
  isBroken: ({ seen }) => seen[0] === 1 && seen[1] === 2,
};

const RECORD: OopsRecord = {
  kind: 'bug',
  title: 'broken',
  where: 'toy',
  cpu: -1,
  role: 'oracle',
  us: 0,
  text: [],
  objects: [],
  address: null,
  stack: [],
  cpus: [],
};

type Pick = (cpu: number, step: number, byDefault: number, could: readonly number[]) => number;

function play(toy: Toy, pick: Pick): Outcome & { choices: Choice[] } {
  const memory: Memory = { a: 0, b: 0, seen: [] };
  const done = toy.threads.map(() => 0);
  const local = toy.threads.map(() => 0);
  const decisions: Decision[] = [];
  const choices: Choice[] = [];
  const left = (cpu: number): boolean => (done[cpu] as number) < (toy.threads[cpu] as readonly Op[]).length;
  let hash = 0;
  for (let cpu = 0; ; ) {
    const could = toy.threads.map((_, i) => i).filter(left);
    if (could.length === 0) break;
    const step = (local[cpu] as number) + 1;
    local[cpu] = step;
    const able = left(cpu);
    const byDefault = able ? cpu : (could.find((other) => other > cpu) ?? (could[0] as number));
    if (could.length > 1) choices.push({ cpu, step, byDefault, could, preemption: able, addr: done[cpu] as number });
    const next = pick(cpu, step, byDefault, could);
    if (next !== byDefault) decisions.push({ cpu, step, to: next });
    cpu = next;
    const at = done[cpu] as number;
    ((toy.threads[cpu] as readonly Op[])[at] as Op)(memory);
    done[cpu] = at + 1;
    hash = (Math.imul(hash, 31) + cpu + 1) >>> 0;
  }
  return { records: toy.isBroken(memory) ? [RECORD] : [], decisions, hash, choices };
}

const follow =
  ({ decisions }: Schedule): Pick =>
  (cpu, step, byDefault, could) => {
    const to = decisions.find((decision) => decision.cpu === cpu && decision.step === step)?.to;
    return to !== undefined && could.includes(to) ? to : byDefault;
  };

export const engineOf = (toy: Toy): Engine => ({
  run: async (schedule) => play(toy, follow(schedule)),
  choices: async (schedule) => play(toy, follow(schedule)).choices,
  turns: ({ turns }) => turns ?? 1,
});

/** A random walk that shows the bug: the first from `seed`. */
export function noisySchedule(toy: Toy, seed: number): Schedule {
  for (let i = seed; ; i++) {
    const prng = new Prng(i);
    const { records, decisions, hash } = play(toy, (_cpu, _step, _byDefault, could) => prng.pick(could));
    if (records.length === 0) continue;
    return {
      format: SCHEDULE_FORMAT,
      tool: 'toy',
      source: '',
      scenario: 'toy',
      reverted: [],
      roles: toy.threads.map(() => 'submitter'),
      seed: i,
      turns: null,
      memory: 'sc',
      arenaMib: 16,
      maxSteps: 1000,
      decisions,
      hash,
    };
  }
}

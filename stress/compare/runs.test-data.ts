// SPDX-License-Identifier: GPL-2.0-only
/**
 * Runs as a noisy machine makes them: rounds of several cases in turn, and a speed of the machine that wanders for some
 * rounds and that all figures share. Everything is a function of the seed.
 */
import { type Bins, binOf } from '../../src/arch/sab/histogram.ts';
import { Prng } from '../../src/arch/sab/prng.ts';
import { fixture } from '../result/fixture.test-data.ts';
import type { RoundLock, RoundSample, Run, ScenarioResult } from '../result/run_result.ts';

/** Standard normal numbers, by Box and Muller. */
export function normal(prng: Prng): number {
  const [u, v] = [(prng.next() + 1) / 2 ** 32, prng.next() / 2 ** 32];
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

/** What stays of a machine's speed from round to round, how far it wanders, and each figure's own noise. */
export interface Machine {
  readonly memory: number;
  readonly wander: number;
  readonly noise: number;
}

/** A wandering speed, as logarithms. */
export function wandering({ memory, wander }: Machine, rounds: number, prng: Prng): number[] {
  let level = wander * normal(prng);
  return Array.from({ length: rounds }, () => {
    const now = level;
    level = memory * level + Math.sqrt(1 - memory * memory) * wander * normal(prng);
    return now;
  });
}

export interface Made {
  readonly seed: number;
  readonly rounds: number;
  readonly machine: Machine;
  /** All waits are so many times longer. */
  readonly waits?: number;
  /** All load takes so many times longer. */
  readonly slower?: number;
  /** What is between rounds takes so many times longer. */
  readonly busier?: number;
  readonly cases?: readonly string[];
  readonly whole?: boolean;
}

export const CASES = ['exit_leaves_requests_in_flight', 'head_lost_in_page_migration', 'hostile_user'] as const;
const CLASSES = ['completion_lock', 'ring_lock', 'ctx_lock', 'aio_nr_lock'];
const CALLS = ['io_getevents', 'io_submit'];

/** Bins of some times around `ns`. */
const around = (ns: number, samples: number): Bins =>
  [0.5, 1, 2, 9].flatMap((scale, i) => [binOf(ns * scale), Math.round(samples * ([0.3, 0.5, 0.17, 0.03][i] ?? 0))]);

export function makeRun({
  seed,
  rounds,
  machine,
  waits = 1,
  slower = 1,
  busier = 1,
  cases = CASES,
  whole = true,
}: Made): Run {
  const prng = new Prng(seed);
  const speeds = wandering(machine, rounds, prng);
  const time = (ns: number, speed: number): number => ns * slower * Math.exp(speed + machine.noise * normal(prng));
  const scenario = (name: string): ScenarioResult => ({ ...(fixture.scenarios[0] as ScenarioResult), name });
  const starts: number[] = [];
  for (let i = 0, at = 0; i < rounds; i++) {
    starts.push(at);
    at += 500 + 200 * busier * Math.exp((speeds[i] ?? 0) + machine.noise * normal(prng));
  }
  const round = (number: number): RoundSample => {
    const which = number % cases.length;
    const speed = speeds[number] ?? 0;
    const lock = (name: string, i: number): RoundLock => {
      const [ns, contentions] = [time(4000 * (i + 1) * (which + 1) * waits, speed), 400 + prng.below(200)];
      const hold = around(time(300, speed), 1000);
      const counts = { contentions, acquisitions: 40_000 + prng.below(5000), waitTotal: ns * contentions };
      return { class: name, ...counts, wait: around(ns, contentions), hold };
    };
    return {
      number,
      scenario: which,
      startedMs: starts[number] ?? 0,
      ranMs: 500,
      whole,
      operations: { reaped: Math.round(1e12 / time(2e6, speed)) * (which + 1) },
      latency: Object.fromEntries(CALLS.map((call) => [call, around(time(9000, speed), 5000)])),
      locks: CLASSES.map(lock),
    };
  };
  const result = { ...fixture, parameters: { ...fixture.parameters, seed }, scenarios: cases.map(scenario) };
  return { result, rounds: Array.from({ length: rounds }, (_, i) => round(i)), trace: [] };
}

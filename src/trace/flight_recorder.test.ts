// SPDX-License-Identifier: GPL-2.0-only
/** The flight recorder keeps each CPU's last steps, in order, and nothing when it is off. */
import { beforeEach, expect, it } from 'vitest';
import { sched_clock } from '../arch/sab/clock.ts';
import { setCpu } from '../arch/sab/cpu.ts';
import type { Words } from '../arch/sab/words.ts';
import { EINVAL } from '../uapi/errno.ts';
import { describeTrace, TP, tracePointName } from './events.ts';
import {
  attachFlightRecorder,
  createFlightRecorder,
  flightRecorder,
  lastSteps,
  recordedSteps,
  trace,
} from './flight_recorder.ts';

let words: Words;
beforeEach(() => {
  words = createFlightRecorder(2);
  setCpu(0, 2);
  attachFlightRecorder(words, sched_clock());
});

it('keeps steps in order, with their arguments and times', () => {
  trace(TP.sys_io_setup, 8);
  trace(TP.sys_io_setup_done, -EINVAL);
  const steps = lastSteps(words, 0, 10);
  expect(steps.map(({ text }) => text)).toEqual(['io_setup(nr=8)', 'io_setup = -EINVAL']);
  expect(steps[1]?.us).toBeGreaterThanOrEqual(steps[0]?.us ?? Number.NaN);
  expect(lastSteps(words, 0, 1)).toEqual(steps.slice(1));
});
it('names the trace points, and their time to less than a microsecond', () => {
  for (let n = 0; n < 50; n++) trace(TP.user_reap, 0x4000_0000, n, 1);
  trace(TP.rcu_gp_end, 7);
  const steps = recordedSteps(words, 0, 99);
  expect(steps.map(({ point }) => point)).toEqual([...Array<string>(50).fill('user_reap'), 'rcu_gp_end']);
  expect(steps.at(-1)?.text).toBe('rcu: grace period 7 ends');
  expect(steps.some(({ us }) => us !== Math.floor(us))).toBe(true);
  expect(lastSteps(words, 0, 99).map(({ us }) => us)).toEqual(steps.map(({ us }) => Math.floor(us)));
  const tracePoints = Object.values(TP).map(tracePointName);
  expect(tracePoints).toEqual(Object.keys(TP));
});
it('knows the time of a machine that has run for days', () => {
  attachFlightRecorder(words, sched_clock() - 3 * 86_400e9);
  trace(TP.sys_io_setup, 8);
  expect(lastSteps(words, 0, 1)[0]?.us).toBeGreaterThanOrEqual(3 * 86_400e6);
});
it('forgets the oldest', () => {
  for (let i = 0; i < 1000; i++) trace(TP.sys_io_setup, i);
  const steps = lastSteps(words, 0, 5000);
  expect(steps.length).toBeGreaterThanOrEqual(128);
  expect(steps.at(-1)?.text).toBe('io_setup(nr=999)');
  expect(steps[0]?.text).toBe(`io_setup(nr=${1000 - steps.length})`);
});
it('keeps CPUs apart', () => {
  trace(TP.sys_io_setup, 1);
  setCpu(1, 2);
  attachFlightRecorder(words, sched_clock());
  trace(TP.sys_io_setup, 2);
  expect([lastSteps(words, 0, 9).length, lastSteps(words, 1, 9).length]).toEqual([1, 1]);
  expect(lastSteps(words, 1, 9)[0]?.text).toBe('io_setup(nr=2)');
});
it('does nothing when it is off', () => {
  attachFlightRecorder(null, 0);
  trace(TP.sys_io_setup, 1);
  expect(flightRecorder()).toBeNull();
  expect(lastSteps(words, 0, 9)).toEqual([]);
});
it('can describe every trace point, and one that does not exist', () => {
  const texts = Object.values(TP).map((point) => describeTrace(point, 1, 2, 3));
  expect(texts.every((text) => text.length > 3)).toBe(true);
  expect(describeTrace(9999, 0, 0, 0)).toContain('9999');
});

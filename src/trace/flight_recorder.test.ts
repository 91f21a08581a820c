// SPDX-License-Identifier: GPL-2.0-only
/** The flight recorder keeps each CPU's last steps, in order, and nothing when it is off. */
import { beforeEach, expect, it } from 'vitest';
import { sched_clock } from '../arch/sab/clock.ts';
import { setCpu } from '../arch/sab/cpu.ts';
import type { Words } from '../arch/sab/words.ts';
import { EINVAL } from '../uapi/errno.ts';
import { argumentsOf, describeNote, readNote, syscallOf, TP } from './events.ts';
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
it('reads a note as fields, and has every one of them in its words', () => {
  const note = readNote([TP.aio_complete, 0x4000_0000, 5, 0x1000]);
  expect(note).toEqual({ point: 'aio_complete', args: { ctx: 0x4000_0000, slot: 5, obj: 0x1000 } });
  expect(describeNote(note)).toBe('aio_complete: kioctx 0x40000000 slot 5 <- iocb 0x1000');
  for (const point of Object.values(TP)) {
    const one = readNote([point, 101, 102, 103]);
    const words = describeNote(one);
    expect(words, one.point).not.toMatch(/[{}]/);
    for (const { value } of argumentsOf(one))
      expect(words, one.point).toMatch(new RegExp(`${value}|0x${value.toString(16)}|E[A-Z]+`));
  }
});
it('knows which notes are of system calls', () => {
  expect(syscallOf(readNote([TP.sys_io_submit, 1, 2]))).toEqual({ name: 'io_submit', returns: false });
  expect(syscallOf(readNote([TP.sys_io_getevents_done, 1, 2]))).toEqual({ name: 'io_getevents', returns: true });
  expect(syscallOf(readNote([TP.work, 1]))).toBeNull();
});

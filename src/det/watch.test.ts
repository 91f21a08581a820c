// SPDX-License-Identifier: GPL-2.0-only
/** States are told apart by what RAM holds, what each CPU has seen, who sleeps how, and the time; by nothing else. */
import { expect, test } from 'vitest';
import { LOAD, PAGE_OFFSET, RMW, STORE } from '../arch/sab/access.ts';
import { ASLEEP, CLOCK, createDetBuffers, DetState, RUNNABLE } from './state.ts';
import { stateHash, Watch } from './watch.ts';

const X = 8;
const Y = 9;
const ram = new Int32Array(64);
type Act = (state: DetState, cpus: readonly Watch[]) => void;

/** The state behind some accesses. */
function stateAfter(...acts: Act[]): string {
  const state = new DetState(createDetBuffers(2, ram, ram.length));
  state.round.cpus = 2;
  state.times.fill(0);
  ram.fill(0);
  const cpus = [0, 1].map((cpu) => new Watch(cpu, state, ram));
  for (const act of acts) act(state, cpus);
  for (const cpu of cpus) cpu.settle();
  return ([0, 1] as const).map((lane) => stateHash(state, 0, lane)).join();
}
const access =
  (op: number, cpu: number, index: number, value = 0): Act =>
  (_, cpus) => {
    (cpus[cpu] as Watch).access(op, PAGE_OFFSET + 4 * index, 4);
    if (op !== LOAD) ram[index] = value;
    (cpus[cpu] as Watch).settle();
  };
const sleep =
  (cpu: number, since: number): Act =>
  (state) => {
    Object.assign(state.cpu(cpu), { state: ASLEEP, word: PAGE_OFFSET, since });
  };

test('the order of accesses that touch different words does not matter', () => {
  const [one, other] = [access(STORE, 0, X, 1), access(RMW, 1, Y, 2)];
  expect(stateAfter(one, other)).toBe(stateAfter(other, one));
});

test('what RAM holds does, and not what it held', () => {
  expect(stateAfter(access(STORE, 0, X, 1))).not.toBe(stateAfter(access(STORE, 0, X, 2)));
  const there: Act[] = [access(STORE, 0, X, 1), access(STORE, 1, X, 3)];
  const back: Act[] = [access(STORE, 1, X, 3), access(STORE, 0, X, 3)];
  expect(stateAfter(...there)).toBe(stateAfter(...back));
});

test('what a CPU has seen does, where RAM does not show it', () => {
  const late = stateAfter(access(STORE, 0, X, 1), access(STORE, 0, X, 0), access(LOAD, 1, X));
  const between = stateAfter(access(STORE, 0, X, 1), access(LOAD, 1, X), access(STORE, 0, X, 0));
  expect(between).not.toBe(late);
  expect(stateAfter(access(LOAD, 1, X), access(STORE, 0, X, 1), access(STORE, 0, X, 0))).toBe(late);
});

test('writes of the allocators, and the books of user space', () => {
  const fill =
    (value: number): Act =>
    (_, [cpu]) => {
      (cpu as Watch).open(X, Y);
      ram[X] = value;
    };
  expect(stateAfter(fill(1))).not.toBe(stateAfter(fill(2)));
  const book =
    (before: number, after: number): Act =>
    (_, [cpu]) =>
      (cpu as Watch).book(3, before, after);
  expect(new Set([stateAfter(book(0, 1)), stateAfter(book(0, 2)), stateAfter(book(1, 1))]).size).toBe(3);
});

test('who sleeps for longer, and what the clock says and said', () => {
  expect(stateAfter(sleep(0, 5), sleep(1, 6))).toBe(stateAfter(sleep(0, 50), sleep(1, 51)));
  expect(stateAfter(sleep(0, 5), sleep(1, 6))).not.toBe(stateAfter(sleep(0, 6), sleep(1, 5)));
  const read: Act = (state) => {
    state.cpu(0).read_us = 7;
  };
  const runnable: Act = (state) => {
    state.cpu(0).state = RUNNABLE;
  };
  expect(new Set([stateAfter(), stateAfter(read), stateAfter(runnable)]).size).toBe(3);
  const state = new DetState(createDetBuffers(1, ram, ram.length));
  state.times.fill(0);
  const before = stateHash(state, 0, 0);
  state.times[CLOCK] = 20;
  expect(stateHash(state, 0, 0)).not.toBe(before);
});

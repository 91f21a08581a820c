// SPDX-License-Identifier: GPL-2.0-only
/** States are told apart by what RAM holds, what each CPU has seen, who sleeps how, and the time; by nothing else. */
import { expect, test } from 'vitest';
import { i32, LOAD, PAGE_OFFSET, RMW, STORE } from '../arch/sab/memory.ts';
import { ASLEEP, at, CLOCK, CPUS, createDetBuffers, READ_US, RUNNABLE, SINCE, STATE, WORD } from './state.ts';
import { stateHash, Watch } from './watch.ts';

const X = 8;
const Y = 9;
type Act = (words: ReturnType<typeof createDetBuffers>['words'], cpus: readonly Watch[]) => void;

/** The state behind some accesses. */
function stateAfter(...acts: Act[]): string {
  const { words, times } = createDetBuffers(2, 1);
  words[CPUS] = 2;
  times.fill(0);
  i32.fill(0, 0, 64);
  const cpus = [0, 1].map((cpu) => new Watch(cpu, words));
  for (const act of acts) act(words, cpus);
  for (const cpu of cpus) cpu.settle();
  return ([0, 1] as const).map((lane) => stateHash(words, times, 0, lane)).join();
}
const access =
  (op: number, cpu: number, index: number, value = 0): Act =>
  (_, cpus) => {
    (cpus[cpu] as Watch).access(op, PAGE_OFFSET + 4 * index, 4);
    if (op !== LOAD) i32[index] = value;
    (cpus[cpu] as Watch).settle();
  };
const sleep =
  (cpu: number, since: number): Act =>
  (words) => {
    words[at(cpu, STATE)] = ASLEEP;
    words[at(cpu, WORD)] = PAGE_OFFSET;
    words[at(cpu, SINCE)] = since;
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
      i32[X] = value;
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
  const read: Act = (words) => {
    words[at(0, READ_US)] = 7;
  };
  const runnable: Act = (words) => {
    words[at(0, STATE)] = RUNNABLE;
  };
  expect(new Set([stateAfter(), stateAfter(read), stateAfter(runnable)]).size).toBe(3);
  const { words, times } = createDetBuffers(1, 1);
  times.fill(0);
  const before = stateHash(words, times, 0, 0);
  times[CLOCK] = 20;
  expect(stateHash(words, times, 0, 0)).not.toBe(before);
});

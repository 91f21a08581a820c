// SPDX-License-Identifier: GPL-2.0-only
/** Stores reach RAM when they are to, in the order that the model has, and none is lost. */
import { beforeEach, expect, test } from 'vitest';
import { OlderValues } from './older_values.ts';
import { StoreBuffers } from './store_buffer.ts';

const X = 8;
const Y = 9;
const BASE = 4096;
const ram = new Int32Array(BASE + 65_536 + 4096 * 17);
let landed: number[] = [];

function buffers(inOrder: boolean): StoreBuffers {
  const made = new StoreBuffers(ram, BASE, 2, inOrder, (_, index) => landed.push(index));
  made.reset();
  return made;
}
function put(to: StoreBuffers, cpu: number, index: number, value: number, due: number): void {
  ram[to.push(cpu, index, due)] = value;
}

beforeEach(() => {
  landed = [];
  ram.fill(0, 0, 64);
});

test('in order, a store that is due waits for the one before it', () => {
  const stores = buffers(true);
  put(stores, 0, X, 1, 20);
  put(stores, 0, Y, 2, 10);
  expect(stores.isDue(19)).toBe(false);
  stores.drainDue(19);
  expect([ram[X], ram[Y]]).toEqual([0, 0]);
  expect(stores.isDue(20)).toBe(true);
  stores.drainDue(20);
  expect([ram[X], ram[Y], landed]).toEqual([1, 2, [X, Y]]);
});

test('out of order, each comes when it is due', () => {
  const stores = buffers(false);
  put(stores, 0, X, 1, 20);
  put(stores, 1, Y, 2, 10);
  stores.drainDue(10);
  expect([ram[X], ram[Y], stores.count(0), stores.count(1)]).toEqual([0, 2, 1, 0]);
});

test('a group waits for the one before it, and within it each comes when it is due', () => {
  const stores = buffers(false);
  put(stores, 0, X, 1, 30);
  stores.beginGroup(0);
  put(stores, 0, Y, 2, 10);
  put(stores, 0, Y + 1, 3, 20);
  expect([stores.isDue(29), stores.isBehind(0), stores.isBehind(1)]).toEqual([false, true, false]);
  stores.drainDue(30);
  expect(landed).toEqual([X, Y, Y + 1]);
});

test('a store replaces one to its word, of its own group only', () => {
  const stores = buffers(false);
  put(stores, 0, X, 1, 100);
  expect(ram[stores.findReplaced(0, X)]).toBe(1);
  stores.beginGroup(0);
  expect([stores.findReplaced(0, X), ram[stores.find(0, X)]]).toEqual([-1, 1]);
  put(stores, 0, X, 2, 50);
  put(stores, 0, Y, 3, 50);
  expect(ram[stores.find(0, X)]).toBe(2);
  stores.drainWords(0, Y, Y + 1);
  expect([ram[X], ram[Y], landed]).toEqual([1, 3, [X, Y]]);
  stores.drain(0);
  expect(ram[X]).toBe(2);
});

test('a CPU finds its newest store, and nobody else does', () => {
  const stores = buffers(true);
  put(stores, 0, X, 1, 20);
  put(stores, 0, X, 2, 20);
  expect([ram[stores.find(0, X)], stores.find(1, X), stores.find(0, Y)]).toEqual([2, -1, -1]);
});

test('one store too many pushes the oldest out', () => {
  const stores = buffers(true);
  for (let n = 0; n < 33; n++) put(stores, 0, 16 + n, n + 1, 1000);
  expect([landed, ram[16], stores.count(0)]).toEqual([[16], 1, 32]);
  stores.drain(0);
  expect(Array.from(ram.subarray(16, 49))).toEqual(Array.from({ length: 33 }, (_, n) => n + 1));
});

test.each([
  [true, [X, Y]],
  [false, [Y]],
])('in order %s: to let one word through lets through what must come before it', (inOrder, expected) => {
  const stores = buffers(inOrder);
  put(stores, 0, X, 1, 1000);
  put(stores, 0, Y, 2, 1000);
  stores.drainWords(0, Y, Y + 1);
  expect(landed).toEqual(expected);
});

test('an older value is seen until something newer was, and not from before the floor', () => {
  const values = new OlderValues(ram, BASE);
  values.reset();
  for (const value of [1, 2]) {
    values.keep(0, X);
    ram[X] = value;
  }
  const seen = (cpu: number, n: number, floor: number): number | undefined => {
    const record = values.older(cpu, X, n, floor);
    return record < 0 ? undefined : ram[values.valueOf(record)];
  };
  expect([seen(1, 1, 0), seen(1, 2, 0), seen(1, 3, 0)]).toEqual([1, 0, undefined]);
  // Who stored has seen it all; a barrier hides what ended before.
  expect([seen(0, 1, 0), seen(1, 1, 1), seen(1, 2, 1), seen(1, 1, 2)]).toEqual([undefined, 1, undefined, undefined]);
  values.see(1, X, 1);
  expect([seen(1, 1, 0), seen(1, 2, 0), seen(2, 2, 0)]).toEqual([1, undefined, 0]);
});

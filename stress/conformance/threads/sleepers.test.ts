// SPDX-License-Identifier: GPL-2.0-only
/** Who sleeps in the kernel for good, and who only looks like it. */
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attachControl, createControl, setAwaited, setParked, setThread } from '../../../src/arch/sab/control.ts';
import { NR } from '../kernel/native.ts';
import { Sleepers } from './sleepers.ts';

const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage(Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)));
if (workerData === 'sleeps') parentPort.on('message', () => {});
else if (workerData === 'naps') setInterval(() => {}, 10);
else for (;;);
`;
const FOR_GOOD_MS = 300;
const workers: Worker[] = [];

/** CPU 0 is a thread that does so, in io_getevents(). */
async function thread(what: 'sleeps' | 'naps' | 'computes', untimed = true): Promise<void> {
  const worker = new Worker(THREAD, { eval: true, workerData: what });
  workers.push(worker);
  setThread(0, await new Promise((resolve) => worker.once('message', resolve)));
  setParked(0, NR.io_getevents, 0, untimed);
}

/** @returns whether all sleep for good, after four times as long as that takes */
async function isStill(sleepers: Sleepers): Promise<boolean> {
  let still = false;
  for (let i = 0; i < 60; i++) {
    still = sleepers.isStill();
    await new Promise((resolve) => setTimeout(resolve, FOR_GOOD_MS / 15));
  }
  return still;
}

beforeEach(() => attachControl(createControl(2)));
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

test('a thread that sleeps in a call without a due time sleeps for good, and is named', async () => {
  await thread('sleeps');
  // The other one has done its part.
  setAwaited(1, 1);
  const sleepers = new Sleepers(['getter', 'reaper'], FOR_GOOD_MS);
  expect(sleepers.isStill()).toBe(false);
  expect(await isStill(sleepers)).toBe(true);
  expect(sleepers.mayGoOn(0)).toBe(false);
  expect(sleepers.text()).toBe('thread 0 (getter) is in io_getevents()');
});

test.each([
  ['whose call has a due time', 'sleeps', false],
  ['that wakes now and then', 'naps', true],
  ['that computes, or waits for a core', 'computes', true],
] as const)('one %s does not', async (_which, what, untimed) => {
  await thread(what, untimed);
  setAwaited(1, 1);
  const sleepers = new Sleepers(['getter', 'reaper'], FOR_GOOD_MS);
  expect(await isStill(sleepers)).toBe(false);
  expect(sleepers.mayGoOn(0)).toBe(true);
});

test('while another may go on nobody is stuck, and a round without anyone in it is none', async () => {
  await thread('sleeps');
  const sleepers = new Sleepers(['getter', 'reaper'], FOR_GOOD_MS);
  expect(await isStill(sleepers)).toBe(false);
  expect(sleepers.text()).toBe('thread 0 (getter) is in io_getevents(), thread 1 (reaper) is outside of the kernel');
  for (const cpu of [0, 1]) setAwaited(cpu, 1);
  expect(sleepers.isStill()).toBe(false);
});

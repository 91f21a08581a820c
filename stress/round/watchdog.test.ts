// SPDX-License-Identifier: GPL-2.0-only
/** A hang is proven by sleep or by time on a core; whatever lasts too long beside that has no verdict. */
import { spawn } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PAGE_OFFSET } from '../../src/arch/sab/access.ts';
import {
  addWaking,
  attachControl,
  clearParked,
  createControl,
  setParked,
  setThread,
} from '../../src/arch/sab/control.ts';
import { i32 } from '../../src/arch/sab/memory.ts';
import { threadTime } from '../../src/arch/sab/thread.ts';
import { type Standstill, starvedReason, Watchdog } from './watchdog.ts';

const CPUS = 2;
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage(Number(require('node:fs').readlinkSync('/proc/thread-self').split('/').at(-1)));
if (workerData === 'sleeps') parentPort.on('message', () => {});
else for (;;);
`;
const workers: Worker[] = [];

/** A thread that runs and gets nothing done, or one that has no time on a core, whatever it wants. */
async function threadThat(what: 'computes' | 'sleeps'): Promise<number> {
  const worker = new Worker(THREAD, { eval: true, workerData: what });
  workers.push(worker);
  return new Promise((resolve) => worker.once('message', resolve));
}

/** Looks until there is something to say. @param progress - of look number n */
async function watch(dog: Watchdog, progress: (n: number) => number, nudge = (): void => {}): Promise<Standstill> {
  for (let n = 0; ; n++) {
    const found = dog.look(progress(n));
    if (found !== null) return found;
    nudge();
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

beforeEach(() => {
  attachControl(createControl(CPUS));
  i32.fill(0, 0, 2);
  setParked(0, PAGE_OFFSET, 0, true);
  setParked(1, PAGE_OFFSET + 4, 0, true);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

test('all asleep is a hang, and found at once', async () => {
  let nudges = 0;
  expect(
    await watch(
      new Watchdog(CPUS, 'stop'),
      (n) => n,
      () => nudges++,
    ),
  ).toEqual({ hang: true });
  expect(nudges).toBeGreaterThan(0);
  expect(nudges).toBeLessThan(10);
});

test('a sleeper that was woken and never runs is none', async () => {
  addWaking(1);
  const found = await watch(new Watchdog(CPUS, 'stop', 700), () => 0);
  expect(found).toEqual({ hang: false, reason: expect.stringContaining('sleepers were woken and never ran') });
});

test('a sleeper whose word has changed may be on its way to find that out; if it sleeps on, that is a hang', async () => {
  i32.fill(1, 1, 2);
  setThread(1, await threadThat('sleeps'));
  expect(await watch(new Watchdog(CPUS, 'stop'), () => 0)).toEqual({ hang: true });
  // Not even a thread of which we know nothing is taken to sleep.
  setThread(1, 0);
  expect((await watch(new Watchdog(CPUS, 'stop', 700), () => 0)).hang).toBe(false);
});

test('threads that get no time on a core are none, and the reason says how little they got', async () => {
  for (const cpu of [0, 1]) {
    clearParked(cpu);
    setThread(cpu, await threadThat('sleeps'));
  }
  const found = await watch(new Watchdog(CPUS, 'teardown', 1200), () => 0);
  expect(found).toEqual({
    hang: false,
    reason: expect.stringMatching(
      /^teardown did not end: the machine gave 2 threads (no CPU|\d+ ms of CPU) in 1\.\d s$/,
    ),
  });
});

test('a thread that computes and gets nothing done is a hang', async () => {
  clearParked(1);
  const thread = await threadThat('computes');
  setThread(1, thread);
  const before = threadTime(thread)?.ns ?? 0;
  expect(await watch(new Watchdog(CPUS, 'stop'), () => 0)).toEqual({ hang: true });
  expect((threadTime(thread)?.ns ?? 0) - before).toBeGreaterThan(2.9e9);
}, 120_000);

test('but not while another gets no time', async () => {
  clearParked(0);
  clearParked(1);
  setThread(0, await threadThat('sleeps'));
  setThread(1, await threadThat('computes'));
  const found = await watch(new Watchdog(CPUS, 'stop', 8000), () => 0);
  expect(found.hang).toBe(false);
}, 120_000);

test('a thread of which the system says nothing is none', async () => {
  clearParked(1);
  const found = await watch(new Watchdog(CPUS, 'attach', 700), () => 0);
  expect(found).toEqual({
    hang: false,
    reason: expect.stringMatching(/^attach did not end in .*: 1 thread did not get/),
  });
});

test('a process that was stopped for longer than the patience goes on as if nothing had been', async () => {
  clearParked(1);
  setThread(1, await threadThat('sleeps'));
  const dog = new Watchdog(CPUS, 'stop', 2000);
  expect(dog.look(0)).toBeNull();
  // Somebody else has to wake us.
  spawn('sh', ['-c', `sleep 3; kill -CONT ${process.pid}`], { stdio: 'ignore', detached: true });
  process.kill(process.pid, 'SIGSTOP');
  expect(dog.look(0)).toBeNull();
}, 30_000);

test('how little is too little is said in words', () => {
  const time = (ns: number) => ({ ns, slices: 1 });
  expect(starvedReason('settle', [time(0), time(3e8)], 60_000)).toBe(
    'settle did not end: the machine gave 2 threads 300 ms of CPU in 1 min',
  );
});

// SPDX-License-Identifier: GPL-2.0-only
/** The driver of the host's kernel: it answers as recorded, is killed where it would wait for ever, and goes on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { HostLimit } from '../../../src/arch/sab/host_limit.ts';
import { applies } from '../../../src/testing/needs.ts';
import { compareOps, expectedOfKernel } from '../judge/compare.ts';
import { recorded } from '../trace/file.ts';
import type { Trace, TraceOp } from '../trace/trace.ts';
import { Kernel } from './kernel.ts';

const { possible_cpus, traces } = recorded();
const kernel = new Kernel();
const facts = await kernel.facts();
const otherCpus = typeof facts === 'string' || facts.possibleCpus === possible_cpus ? '' : ', other CPUs';
const why = typeof facts === 'string' ? facts : null;
afterAll(() => kernel.close());

const made = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v6.18'], ops });
const setup: TraceOp = { op: 'io_setup', ctx: 'c', nr_events: 1 };
const destroy: TraceOp = { op: 'io_destroy', ctx: 'c' };

describe('on this kernel', () => {
  applies(why);

  test.skipIf(otherCpus !== '')(`it answers what was recorded${otherCpus}`, async () => {
    for (const trace of traces) {
      const outcome = await kernel.run(trace);
      expect(outcome.skipped).toBeNull();
      expect([trace.id, ...compareOps(trace, outcome, expectedOfKernel(trace))]).toEqual([trace.id]);
    }
  });

  test('a trace that would wait for ever is ended, with what it was at, and the next one runs', async () => {
    const wait: TraceOp = { op: 'io_getevents', ctx: 'c', min_nr: 1, nr: 1, timeout: null };
    const hasty = new Kernel({ watchdogMs: 1200 });
    const hung = await hasty.run(made(setup, wait, destroy));
    expect(hung.answers).toHaveLength(1);
    expect(hung.complaints).toEqual([
      'hang: the kernel did not answer within 1.2 s (--watchdog), at op 1, io_getevents(c, 1, 1, events, NULL)',
    ]);
    expect((await hasty.run(made(setup))).answers).toMatchObject([{ ret: 0, id: 0 }]);
    await hasty.close();
  });

  test.skipIf(process.getuid?.() !== 0)(
    'the quota that a killed trace has changed is as it was for the next',
    async () => {
      const hasty = new Kernel({ watchdogMs: 1200 });
      const wait: TraceOp = { op: 'io_getevents', ctx: 'c', min_nr: 1, nr: 1, timeout: null };
      const six = { ...setup, ctx: 'd', nr_events: 6 };
      const { answers } = await hasty.run(made({ op: 'aio_max_nr', max: 5 }, setup, six, wait));
      expect(answers.map(({ ret }) => ret)).toEqual([undefined, 0, '-EAGAIN']);
      expect((await hasty.run(made(six))).answers).toMatchObject([{ ret: 0 }]);
      await hasty.close();
    },
  );

  test('contexts that a trace has left are destroyed, also those of which it has overwritten the id', async () => {
    const left = made(setup, { ...setup, ctx: 'd' }, { op: 'ring_write', ctx: 'c', set: { id: 99 } });
    expect((await kernel.run(left)).answers).toMatchObject([{ id: 0 }, { id: 1 }, {}]);
    expect((await kernel.run(left)).answers).toMatchObject([{ id: 0 }, { id: 1 }, {}]);
  });

  test('a ring that is gone answers as it does a process that touches it', async () => {
    const read: TraceOp = { op: 'ring_read', ctx: 'c', fields: ['head'] };
    expect((await kernel.run(made(setup, destroy, read))).answers[2]).toEqual({ ret: 'SIGSEGV' });
  });

  test('what cannot be run anywhere is said', async () => {
    await expect(kernel.run(made({ op: 'io_destroy', ctx: 'x' }))).rejects.toThrow(
      'op 0, io_destroy: there is no context x',
    );
  });
});

describe('a process of another kind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const ready = `process.send({ kind: 'ready', release: 'none', possibleCpus: 2 });`;
  const ran = `process.send({ kind: 'ran', answers: [], error: null, clean: true })`;

  /** A kernel whose process runs this program, which notes that it was started. */
  function kernelOf(name: string, program: string) {
    const path = join(folder, `${name}.mjs`);
    const starts = join(folder, `${name}.starts`);
    writeFileSync(
      path,
      `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(starts)}, '.');${program}`,
    );
    return { fake: new Kernel({ program: path, cpus: [0] }), started: () => readFileSync(starts, 'utf8').length };
  }

  test('one that cannot use the kernel is asked once, and everything is skipped with its reason', async () => {
    const { fake, started } = kernelOf('none', `process.send({ kind: 'none', reason: 'AIO is forbidden here' });`);
    expect(await fake.facts()).toBe('AIO is forbidden here');
    expect(await fake.run(made(setup))).toEqual({ answers: [], complaints: [], skipped: 'AIO is forbidden here' });
    expect((await fake.run(made(destroy))).skipped).toBe('AIO is forbidden here');
    expect(started()).toBe(1);
    await fake.close();
  });

  test('one that does not start is an error of ours, with what it said', async () => {
    const { fake } = kernelOf('broken', `console.error('out of luck'); process.exit(3);`);
    await expect(fake.facts()).rejects.toThrow(/ended with exit code 3\nout of luck/);
  });

  test('one that dies at a trace is told, and the next trace has another', async () => {
    const die = `process.kill(process.pid, 'SIGSEGV')`;
    const { fake, started } = kernelOf(
      'dies',
      `${ready} process.on('message', () => { process.send({ kind: 'begun' }); ${die}; });`,
    );
    for (let i = 1; i <= 2; i++) {
      const { complaints } = await fake.run(made(setup));
      expect(complaints).toEqual(['died: its process died of SIGSEGV, at op 0, io_setup(1, &c)']);
      expect(started()).toBe(i);
    }
    await fake.close();
  });

  const begun = `process.send({ kind: 'begun' });`;
  const when = (name: string, then: string) =>
    kernelOf(name, `${ready} process.on('message', () => { ${begun} ${then} });`).fake;
  const hasty = (kernel: Kernel): Kernel =>
    Object.assign(kernel, { options: { ...kernel['options'], watchdogMs: 300 } });

  test('one that sleeps in a call hangs, and so does one that computes without an end', async () => {
    for (const [name, does] of [
      ['sleeps', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);'],
      ['computes', 'for (;;);'],
    ] as const) {
      const kernel = hasty(when(name, does));
      expect((await kernel.run(made(setup))).complaints).toEqual([
        'hang: the kernel did not answer within 0.3 s (--watchdog), at op 0, io_setup(1, &c)',
      ]);
      await kernel.close();
    }
  }, 60_000);

  test('one that gets no CPU has proven nothing', async () => {
    const kernel = hasty(when('stopped', `process.kill(process.pid, 'SIGSTOP');`));
    const { complaints, unproven } = await kernel.run(made(setup));
    expect(complaints).toEqual([]);
    expect(unproven).toMatch(
      /^at op 0, io_setup\(1, &c\): it did not end: the machine gave 1 thread .* CPU in \S+ s; nothing is proven, --watchdog 1 waits longer$/,
    );
    await kernel.close();
  }, 60_000);

  test('a call may wait for as long as it says itself', async () => {
    const slow = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);';
    const kernel = hasty(when('waits', `${slow} ${ran}`));
    const wait = (timeout: readonly [number, number] | null): TraceOp => ({ op: 'io_getevents', ctx: 'ZERO', timeout });
    expect((await kernel.run(made(wait([1, 500_000_000])))).complaints).toEqual([]);
    expect((await kernel.run(made(wait(null)))).complaints).toHaveLength(1);
    await kernel.close();
  }, 60_000);

  test('what throws in it is no answer of the kernel', async () => {
    const says = (host: boolean): string => `process.send({ kind: 'failed', host: ${host}, text: 'ENOSPC: full' })`;
    const refused = when('full', says(true));
    await expect(refused.run(made(setup))).rejects.toThrow('made: op 0, io_setup(1, &c): ENOSPC: full');
    await expect(refused.run(made(setup))).rejects.toThrow(HostLimit);
    const broken = when('throws', says(false));
    await expect(broken.run(made(setup))).rejects.not.toThrow(HostLimit);
    const ends = when('ends', 'process.exit(1);');
    await expect(ends.run(made(setup))).rejects.toThrow('ended with exit code 1, at op 0, io_setup');
    await Promise.all([refused, broken, ends].map((kernel) => kernel.close()));
  });

  test('one that died after its answer is not asked again', async () => {
    const { fake, started } = kernelOf('leaves', `${ready} process.on('message', () => ${ran} && process.exit());`);
    expect((await fake.run(made())).complaints).toEqual([]);
    await expect.poll(() => fake.run(made()).then(() => started()), { timeout: 5000 }).toBeGreaterThan(1);
    await fake.close();
  });

  test.each<[TraceOp, string]>([
    [{ op: 'cpu', cpu: 1 }, 'it runs on 2 CPUs, here are 1'],
    [{ op: 'fault', pages: 1 }, 'the memory of the host cannot be made short'],
    [{ op: 'repeat', times: 1, body: [{ op: 'cpu', cpu: 3 }] }, 'it runs on 4 CPUs, here are 1'],
  ])('%j cannot be had everywhere', async (op, reason) => {
    const { fake } = kernelOf('small', ready);
    expect((await fake.run(made(op))).skipped).toBe(reason);
    await fake.close();
  });

  test.skipIf(process.getuid?.() !== 0)('only root sets aio-max-nr', async () => {
    const { fake } = kernelOf('user', ready);
    const getuid = vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(1000);
    expect((await fake.run(made({ op: 'aio_max_nr', max: 1 }))).skipped).toBe('only root may set aio-max-nr');
    getuid.mockRestore();
    await fake.close();
  });
});

// SPDX-License-Identifier: GPL-2.0-only
/** The driver of the host's kernel: it answers as recorded, is killed where it would wait for ever, and goes on. */
import { afterAll, describe, expect, test } from 'vitest';
import { compare, expectedOfKernel } from './compare.ts';
import { Kernel } from './kernel.ts';
import type { Trace, TraceOp } from './trace.ts';
import { recorded } from './trace_file.ts';

const { possible_cpus, traces } = recorded();
const kernel = new Kernel({ watchdogMs: 800 });
const facts = await kernel.facts();
const otherCpus = typeof facts === 'string' || facts.possibleCpus === possible_cpus ? '' : ', other CPUs';
const why = typeof facts === 'string' ? `skipped: ${facts}` : '';
afterAll(() => kernel.close());

const made = (...ops: TraceOp[]): Trace => ({ id: 'made', checks: '', applies: ['v6.18'], ops });
const setup: TraceOp = { op: 'io_setup', ctx: 'c', nr_events: 1 };
const destroy: TraceOp = { op: 'io_destroy', ctx: 'c' };

describe.skipIf(why !== '')(`on this kernel ${why}`, () => {
  test.skipIf(otherCpus !== '')(`it answers what was recorded${otherCpus}`, async () => {
    for (const trace of traces) {
      const outcome = await kernel.run(trace);
      expect(outcome.skipped).toBeNull();
      expect([trace.id, ...compare(outcome, expectedOfKernel(trace))]).toEqual([trace.id]);
    }
  });

  test('a trace that would wait for ever is ended, with what it was at, and the next one runs', async () => {
    const wait: TraceOp = { op: 'io_getevents', ctx: 'c', min_nr: 1, nr: 1, timeout: null };
    const hung = await kernel.run(made(setup, wait, destroy));
    expect(hung.answers).toHaveLength(1);
    expect(hung.complaints).toEqual([
      'hang: the kernel did not answer within 0.8 s, at op 1, io_getevents(c, 1, 1, events, NULL)',
    ]);
    expect((await kernel.run(made(setup, destroy))).answers).toMatchObject([{ ret: 0, id: 0 }, { ret: 0 }]);
  });

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
    await expect(kernel.run(made({ op: 'io_destroy', ctx: 'x' }))).rejects.toThrow('there is no context x');
    await expect(kernel.run(made({ op: 'io_uring_setup' }))).rejects.toThrow('there is no op io_uring_setup');
  });
});

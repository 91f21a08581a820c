// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { objectRef } from '../../../src/kernel/object_ref.ts';
import { duplicate } from '../../result/fixture.test-data.ts';
import { concernedCpus, interleaving } from './interleaving.ts';

const numbers = (cpus: readonly { cpu: number }[]): number[] => cpus.map(({ cpu }) => cpu);

test('the own CPU first, then who touched the objects, then the most recent; who did nothing is left out', () => {
  expect(numbers(concernedCpus(duplicate))).toEqual([5, 7, 8, 2]);
});

test('an address that only begins like an object’s is another one', () => {
  const cpus = duplicate.cpus.filter(({ cpu }) => cpu !== 7);
  // cpu 8 is more recent than cpu 2; were its 0x400123400 taken for 0x40012340, both orders would agree
  const late = cpus.map((cpu) => (cpu.cpu === 2 ? { ...cpu, steps: [{ us: 11_000, text: 'io_destroy' }] } : cpu));
  expect(numbers(concernedCpus({ ...duplicate, cpus: late }))).toEqual([5, 2, 8]);
});

test('who waits comes before who is merely recent', () => {
  const cpus = duplicate.cpus.map((cpu) => (cpu.cpu === 9 ? { ...cpu, waiting: 'ring_lock' } : cpu));
  expect(numbers(concernedCpus({ ...duplicate, cpus }))).toEqual([5, 7, 9, 8]);
});

test('steps stand in the order of time, each in its CPU’s column', () => {
  expect(`\n${interleaving(duplicate, 120).join('\n')}\n`).toMatchInlineSnapshot(`
    "
          us | cpu 5 getter              | cpu 7 migrator            | cpu 8 completer           | cpu 2 submitter
             | holds ring_lock           | holds private_lock,       |                           |
             |                           | completion_lock           |                           |
             |                           | waits for ring_lock       |                           |
    ---------+---------------------------+---------------------------+---------------------------+--------------------------
       -1050 |                           |                           |                           | io_submit(ctx=0x99990000,
             |                           |                           |                           | nr=4)
         -50 | io_getevents(ctx=         |                           |                           |
             | 0x40012340, min=1, nr=8)  |                           |                           |
         -30 |                           | aio_migratepage:          |                           |
             |                           | ring_pages[0] copied,     |                           |
             |                           | 0x40020000 -> 0x40031000  |                           |
         -10 | aio_read_events_ring:     |                           |                           |
             | kioctx 0x40012340 head 12 |                           |                           |
             | (+3)                      |                           |                           |
           0 |                           |                           | aio_complete: kioctx      |
             |                           |                           | 0x400123400 slot 15 <-    |
             |                           |                           | iocb 0x50001000           |
    "
  `);
});

test('nothing is lost where a step is wider than its column', () => {
  const text = interleaving(duplicate, 60).join('');
  expect(text.replace(/[\s|]/g, '')).toContain('io_getevents(ctx=0x40012340,min=1,nr=8)');
  expect(text).not.toContain('…');
});

test('more steps than fit on a page leave the last', () => {
  const steps = Array.from({ length: 50 }, (_, us) => ({ us, text: `step ${us}` }));
  const lines = interleaving({ ...duplicate, cpus: [{ cpu: 5, role: 'getter', held: [], waiting: null, steps }] }, 100);
  expect(lines.at(-1)).toContain('step 49');
  expect(lines.join('\n')).not.toContain('step 29');
  expect(lines).toHaveLength(2 + 20);
});

test('the last steps of a slow CPU stay among those of a busy one', () => {
  const busy = Array.from({ length: 50 }, (_, i) => ({ us: 1000 + i, text: `busy ${i}` }));
  const slow = [1, 2, 3].map((us) => ({ us, text: `slow ${us}` }));
  const cpu = { role: 'getter', held: [], waiting: null };
  const cpus = [
    { ...cpu, cpu: 5, steps: slow },
    { ...cpu, cpu: 6, steps: busy },
  ];
  const text = interleaving({ ...duplicate, cpus }, 100).join('\n');
  expect(text).toContain('slow 2');
  expect(text).toContain('slow 3');
  expect(text).not.toContain('slow 1');
});

test('an offset is not an address', () => {
  const cpus = [2, 5, 8].map((cpu) => ({
    ...{ cpu, role: 'getter', held: [], waiting: null },
    steps: [{ us: cpu, text: cpu === 2 ? 'reads at 0x8' : 'reads' }],
  }));
  expect(numbers(concernedCpus({ ...duplicate, objects: [objectRef('page', 0x4002_0000, 8)], cpus }))).toEqual([
    5, 8, 2,
  ]);
});

test('no CPU, no table', () => {
  expect(interleaving({ ...duplicate, cpus: [] }, 100)).toEqual([]);
});

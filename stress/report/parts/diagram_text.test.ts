// SPDX-License-Identifier: GPL-2.0-only
/** An interleaving on the terminal and in Markdown. */
import { describe, expect, test } from 'vitest';
import type { Diagram, DiagramRow } from '../../result/explanation.ts';
import { columnsOf } from '../../text/layout.ts';
import { diagramMarkdown, diagramText } from './diagram_text.ts';

const READER = 'fs/aio.c aio_read_events_ring()';
const MOVER = 'fs/aio.c aio_migratepage()';
const row = (cpu: number, text: string, linux: string, more: Partial<DiagramRow> = {}): DiagramRow => ({
  cpu,
  text,
  site: '',
  linux,
  switched: '',
  truth: false,
  ...more,
});

const diagram: Diagram = {
  columns: [
    { cpu: 2, role: 'getter' },
    { cpu: 4, role: 'migrator' },
  ],
  rows: [
    row(2, 'io_getevents(ctx, min=1, nr=1)', ''),
    row(2, 'ring_lock ← taken', READER),
    row(2, 'ring_pages[0] → old page', READER),
    row(4, 'completion_lock ← taken', MOVER, { switched: 'preempted' }),
    row(4, 'copies old page to new page', MOVER),
    row(2, 'ring->head = 1   (written to the old page)', READER, { switched: 'preempted', truth: true }),
    row(2, 'ring_lock ← free', READER),
    row(4, 'ring_pages[0] = new page', MOVER, { switched: 'sleeps in io_getevents()' }),
  ],
  leftOut: 0,
};

test('a column for each CPU, functions as heads, switches with their reasons, the place where it goes wrong', () => {
  expect(diagramText(diagram, 100)).toEqual([
    'cpu 2 getter                                     | cpu 4 migrator',
    '-------------------------------------------------+-------------------------------------------------',
    'io_getevents(ctx, min=1, nr=1)                   |',
    'aio_read_events_ring()                           |',
    ' |-> ring_lock ← taken                           |',
    ' |-> ring_pages[0] → old page                    |',
    '     -- preempted --                             |',
    '                                                 | aio_migratepage()',
    '                                                 |  |-> completion_lock ← taken',
    '                                                 |  |-> copies old page to new page',
    '                                                 |      -- preempted --',
    'aio_read_events_ring()                           |',
    ' |-> ring->head = 1 (written to the old page)    |',
    '     *HERE*                                      |',
    ' |-> ring_lock ← free                            |',
    '     -- sleeps in io_getevents() --              |',
    '                                                 | aio_migratepage()',
    '                                                 |  |-> ring_pages[0] = new page',
  ]);
});

test('what reaches RAM while another CPU runs interrupts nobody', () => {
  const rows = [
    row(2, 'ring->tail → 0', READER),
    row(4, 'ring->tail = 1   (leaves its store buffer)', ''),
    row(2, 'ring->tail → 1', READER),
  ];
  const lines = diagramText({ ...diagram, rows }, 100);
  expect(lines.filter((line) => line.includes('aio_read_events_ring()'))).toHaveLength(1);
  expect(lines.join('\n')).not.toContain('--  ');
  expect(lines.at(-1)).toMatch(/^ \|-> ring->tail → 1 +\|$/);
});

test('what no CPU did goes across, and what is left out is counted', () => {
  const rows = [...diagram.rows, row(-1, 'BUG: an event never came', '', { truth: true })];
  expect(diagramText({ ...diagram, rows, leftOut: 12 }, 100).slice(-2)).toEqual([
    'BUG: an event never came *HERE*',
    '(12 steps that tell less left out)',
  ]);
});

describe.each([40, 60, 72, 100, 160])('%d columns', (width) => {
  test('are kept to', () => {
    for (const line of diagramText(diagram, width)) expect(columnsOf(line)).toBeLessThanOrEqual(width);
  });
});

test('a diagram without a CPU is its rows', () => {
  const rows = [row(-1, 'BUG: an event never came', '', { truth: true })];
  expect(diagramText({ columns: [], rows, leftOut: 0 }, 80)).toEqual(['BUG: an event never came *HERE*']);
});

test('Markdown has it as a block of code', () => {
  const lines = diagramMarkdown(diagram);
  expect(lines[0]).toBe('```text');
  expect(lines.at(-1)).toBe('```');
  expect(lines.slice(1, -1)).toEqual(diagramText(diagram, 110));
});

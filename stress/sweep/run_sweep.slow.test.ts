// SPDX-License-Identifier: GPL-2.0-only
/** A sweep from end to end, also where the disk is full. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { loadRun } from '../log/load.ts';
import { samplesOf } from './point.ts';
import type { Sweep } from './sweep_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/stress.js');
const output = scratchFolder();

function sweepIn(folder: string): { at: string; sweep: Sweep } {
  const at = join(folder, readdirSync(folder)[0] ?? '');
  return { at, sweep: JSON.parse(readFileSync(join(at, 'sweep.json'), 'utf8')) as Sweep };
}

test('each width is run in two passes, and its rounds are pooled', async () => {
  const folder = join(output, 'whole');
  const args = ['--sweep', 'threads=1,2,3', '--duration', '6s', '--seed', '7', '--arena-mib', '16'];
  const { exitCode, stdout, stderr } = await typed$`exec node ${MAIN} ${args} --output ${folder}`;
  expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
  const { at, sweep } = sweepIn(folder);
  expect(stderr.match(/\d threads?, pass \d/g)).toEqual([
    '1 thread, pass 1',
    '2 threads, pass 1',
    '3 threads, pass 1',
    '3 threads, pass 2',
    '2 threads, pass 2',
    '1 thread, pass 2',
  ]);
  expect(sweep.points.map(({ threads }) => threads)).toEqual([1, 2, 3]);
  const runs = readdirSync(join(at, 'runs')).map((name) => loadRun(join(at, 'runs', name)));
  for (const point of sweep.points) {
    const passes = runs.filter(({ result }) => result.parameters.threads === point.threads + 2);
    expect(passes.map(({ result }) => result.parameters.seed)).toEqual([7, 7]);
    expect([...point.samples].sort()).toEqual(passes.flatMap(({ rounds }) => samplesOf(rounds)).sort());
    const all = loadRun(join(at, point.folder)).result;
    expect(all.locks).toEqual(point.locks);
    expect(all.parameters.scenarios).toEqual(['one_ring_for_all_threads']);
  }
  expect(sweep.fit).not.toBeNull();
  expect(stdout).toContain('Universal Scalability Law');
  for (const name of ['sweep.md', 'sweep.html']) expect(existsSync(join(at, name))).toBe(true);
}, 120_000);

test('what the disk does not take is named, after the table has been printed', async () => {
  const folder = join(output, 'full');
  const args = ['--sweep', 'threads=1,2', '--duration', '4s', '--seed', '7', '--arena-mib', '16'];
  const limited = 'ulimit -f 500; exec "$0" "$@"';
  const { exitCode, stdout, stderr } = await typed$`bash -c ${limited} node ${MAIN} ${args} --output ${folder}`;
  const { at } = sweepIn(folder);
  expect(exitCode).toBe(6);
  expect(stdout).toContain('Throughput by number of threads');
  for (const page of ['sweep.html', 'threads-1/report.html', 'threads-2/report.html']) {
    expect(stderr).toContain(`not written: ${join(at, page)}: it would be larger than this process may write`);
  }
  expect(existsSync(join(at, 'sweep.md'))).toBe(true);
  expect(stderr).not.toMatch(/^ {4}at /m);
}, 120_000);

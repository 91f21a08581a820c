// SPDX-License-Identifier: GPL-2.0-only
/** A sweep as it is typed: what it refuses, and what an interrupt leaves. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import type { Sweep } from './sweep_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/stress.js');
const output = scratchFolder();

function sweepIn(folder: string): { at: string; sweep: Sweep } {
  const at = join(folder, readdirSync(folder)[0] ?? '');
  return { at, sweep: JSON.parse(readFileSync(join(at, 'sweep.json'), 'utf8')) as Sweep };
}

test('an interrupt ends the run under way, and what there is becomes a report', async () => {
  const folder = join(output, 'interrupted');
  const args = ['--sweep', 'threads=1,2', '--minutes', '10', '--seed', '8', '--arena-mib', '16', '--json'];
  const running = typed$`exec node ${MAIN} ${args} --output ${folder}`;
  const begun = (): boolean =>
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('events.ndjson'))
      .some((path) => readFileSync(join(folder, path), 'utf8').includes('"t":"done"'));
  while (!begun()) await new Promise((resolve) => setTimeout(resolve, 100));
  running.child?.kill('SIGINT');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(130);
  const { sweep } = sweepIn(folder);
  expect(JSON.parse(stdout)).toEqual(sweep);
  expect(sweep).toMatchObject({ interrupted: true, fit: null });
  expect(sweep.points.map(({ threads }) => threads)).toEqual([1]);
}, 120_000);

test.each([
  [['--duration', '3s'], '--duration 4s'],
  [['--scenario', 'everything_at_once'], 'leave --scenario out'],
  [['--shard', '1/2'], 'leave --shard out'],
  [['--build', 'patched'], 'leave --build out'],
])(
  'with %j it is refused in a sentence, and nothing is made',
  async (args, says) => {
    const folder = join(output, 'refused');
    const { exitCode, stderr } = await typed$`exec node ${MAIN} --sweep threads=1,2 ${args} --output ${folder}`;
    expect(exitCode).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(says);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  },
  30_000,
);

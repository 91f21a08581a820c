// SPDX-License-Identifier: GPL-2.0-only
/** The benchmark from end to end: exit codes, files, and what an interrupt leaves behind. No figure is asserted. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { type Bench, contestantOf } from '../bench/bench_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/bench.js');
const output = scratchFolder();

const benchOf = (folder: string): Bench =>
  JSON.parse(readFileSync(join(output, folder, 'bench.json'), 'utf8')) as Bench;
/** As little as can be measured. */
const TINY = ['--quick', '--rounds', '1', '--ms', '1', '--output', output];

test('the short parts, from end to end, and once more beside that', async () => {
  const json = join(output, 'again', 'copy.json');
  const only = ['--only', 'port,memory'];
  const { exitCode, stdout, stderr } = await typed$`node ${MAIN} ${TINY} ${only} --json ${json}`;
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain('Targets');
  const [folder = ''] = readdirSync(output).filter((name) => name.startsWith('bench-'));
  expect(readdirSync(join(output, folder)).sort()).toEqual(['bench.html', 'bench.json', 'bench.md']);
  const bench = benchOf(folder);
  expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(bench);
  expect(bench).toMatchObject({ interrupted: false, failure: null, parts: ['port', 'memory'] });
  const all = bench.groups.flatMap((group) => group.contestants.map((one) => ({ group, one })));
  // What was measured was in the one round; what was not, as where a window ended before a thread ran, says why.
  const ours = all.filter(({ one }) => one.ours);
  expect(ours.filter(({ one }) => one.absent === null && one.samples.length !== 1)).toEqual([]);
  expect(ours.some(({ one }) => one.samples.length === 1)).toBe(true);
  expect(all.every(({ one }) => one.samples.every(({ value }) => value > 0))).toBe(true);
  expect(contestantOf(bench.groups.at(-1), '1 possible CPU')?.value).toBeGreaterThan(100);

  const second = await typed$`node ${MAIN} ${TINY} --only memory --compare ${json}`;
  expect(second.exitCode).toBe(0);
  expect(second.stdout.trimEnd().split('\n').at(-1)).toBe('no difference');
}, 120_000);

test('an interrupt keeps and writes what was measured', async () => {
  const before = readdirSync(output);
  // exec: the signal is for node, not for a shell around it
  const running = typed$`exec node ${MAIN} --only memory,schedules --output ${output}`;
  for await (const line of running.stderr) if (String(line).includes('schedules: round')) break;
  running.child?.kill('SIGINT');
  const { exitCode } = await running;
  expect(exitCode).toBe(130);
  const [folder = ''] = readdirSync(output).filter((name) => !before.includes(name));
  const bench = benchOf(folder);
  expect(bench.interrupted).toBe(true);
  expect(bench.groups.some(({ part }) => part === 'memory')).toBe(true);
}, 120_000);

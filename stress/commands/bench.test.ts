// SPDX-License-Identifier: GPL-2.0-only
/** The benchmark as it is typed: exit codes, files, and what an interrupt leaves behind. No figure is asserted. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { type Bench, contestantOf } from '../bench/bench_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/bench.js');
const output = mkdtempSync(join(tmpdir(), 'kioctx-bench-'));
afterAll(() => rmSync(output, { recursive: true, force: true }));

const run$ = $({ nothrow: true, quiet: true, env: { ...process.env, NO_COLOR: '1', GITHUB_STEP_SUMMARY: '' } });
const benchOf = (folder: string): Bench =>
  JSON.parse(readFileSync(join(output, folder, 'bench.json'), 'utf8')) as Bench;
/** As little as can be measured. */
const TINY = ['--quick', '--rounds', '1', '--ms', '1', '--output', output];

test('a mistake ends with 1, one line on stderr, and nothing on stdout', async () => {
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} --only lock --output ${output}`;
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('--only locks');
});

test('a comparison with what is no benchmark is refused before anything is measured', async () => {
  const { exitCode, stderr } = await run$`node ${MAIN} ${TINY} --compare ${MAIN}`;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('it is no JSON');
  expect(readdirSync(output)).toEqual([]);
});

test('the short parts, from end to end, and once more beside that', async () => {
  const json = join(output, 'again', 'copy.json');
  const only = ['--only', 'port,memory'];
  const { exitCode, stdout, stderr } = await run$`node ${MAIN} ${TINY} ${only} --json ${json}`;
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

  const second = await run$`node ${MAIN} ${TINY} --only memory --compare ${json}`;
  expect(second.exitCode).toBe(0);
  expect(second.stdout.trimEnd().split('\n').at(-1)).toBe('no difference');
}, 120_000);

test('a page that the disk does not take is named, and no device is replaced', async () => {
  const before = readdirSync(output);
  const limited = 'ulimit -f 200; exec "$0" "$@"';
  const copy = join(output, 'copy');
  symlinkSync('/dev/null', copy);
  const { exitCode, stdout, stderr } = await run$`bash -c ${limited} node ${MAIN} ${TINY} --only memory --json ${copy}`;
  expect(exitCode).toBe(6);
  expect(stdout).toContain('Targets');
  const [folder = ''] = readdirSync(output).filter((name) => name.startsWith('bench-') && !before.includes(name));
  expect(stderr).toContain(`not written: ${join(output, folder, 'bench.html')}: it would be larger than this process`);
  expect(benchOf(folder).parts).toEqual(['memory']);
  expect(lstatSync(copy).isSymbolicLink()).toBe(true);
  rmSync(copy);
}, 120_000);

test('an interrupt keeps and writes what was measured', async () => {
  const before = readdirSync(output);
  // exec: the signal is for node, not for a shell around it
  const running = run$`exec node ${MAIN} --only memory,schedules --output ${output}`;
  for await (const line of running.stderr) if (String(line).includes('schedules: round')) break;
  running.child?.kill('SIGINT');
  const { exitCode } = await running;
  expect(exitCode).toBe(130);
  const [folder = ''] = readdirSync(output).filter((name) => !before.includes(name));
  const bench = benchOf(folder);
  expect(bench.interrupted).toBe(true);
  expect(bench.groups.some(({ part }) => part === 'memory')).toBe(true);
}, 120_000);

// SPDX-License-Identifier: GPL-2.0-only
/** The benchmark as it is typed: what it refuses, and where the disk is full. bench.slow.test.ts measures. */
import { lstatSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import type { Bench } from '../bench/bench_result.ts';

const MAIN = join(import.meta.dirname, '../../dist/stress/commands/bench.js');
const output = scratchFolder();

const benchOf = (folder: string): Bench =>
  JSON.parse(readFileSync(join(output, folder, 'bench.json'), 'utf8')) as Bench;
/** As little as can be measured. */
const TINY = ['--quick', '--rounds', '1', '--ms', '1', '--output', output];

test('a mistake ends with 1, one line on stderr, and nothing on stdout', async () => {
  const { exitCode, stdout, stderr } = await typed$`node ${MAIN} --only lock --output ${output}`;
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('--only locks');
});

test('a comparison with what is no benchmark is refused before anything is measured', async () => {
  const { exitCode, stderr } = await typed$`node ${MAIN} ${TINY} --compare ${MAIN}`;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('it is no JSON');
  expect(readdirSync(output)).toEqual([]);
});

test('a page that the disk does not take is named, and no device is replaced', async () => {
  const before = readdirSync(output);
  const limited = 'ulimit -f 200; exec "$0" "$@"';
  const copy = join(output, 'copy');
  symlinkSync('/dev/null', copy);
  const { exitCode, stdout, stderr } =
    await typed$`bash -c ${limited} node ${MAIN} ${TINY} --only memory --json ${copy}`;
  expect(exitCode).toBe(6);
  expect(stdout).toContain('Targets');
  const [folder = ''] = readdirSync(output).filter((name) => name.startsWith('bench-') && !before.includes(name));
  expect(stderr).toContain(`not written: ${join(output, folder, 'bench.html')}: it would be larger than this process`);
  expect(benchOf(folder).parts).toEqual(['memory']);
  expect(lstatSync(copy).isSymbolicLink()).toBe(true);
  rmSync(copy);
}, 120_000);

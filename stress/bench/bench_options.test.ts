// SPDX-License-Identifier: GPL-2.0-only
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { UsageError } from '../cli/usage_error.ts';
import { parseBench } from './bench_options.ts';
import { PARTS } from './bench_result.ts';

const HERE = ['--output', tmpdir()];
const parsed = (...argv: string[]) => {
  const options = parseBench([...argv, ...HERE]);
  if (typeof options === 'string') throw new Error(`help: ${options}`);
  return options;
};

function refusal(...argv: string[]): string {
  try {
    parseBench([...HERE, ...argv]);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message.split('\n')).toHaveLength(1);
    return message;
  }
  throw new Error('it was accepted');
}

test('by default everything is measured, at full length', () => {
  expect(parsed()).toMatchObject({
    only: PARTS,
    rounds: 12,
    ms: 60,
    quick: false,
    json: null,
    compare: null,
    again: '',
  });
});

test('--quick is shorter, and has as many rounds as a comparison needs', () => {
  expect(parsed('--quick')).toMatchObject({ rounds: 8, ms: 20, quick: true, again: '--quick' });
  expect(parsed('--quick', '--rounds', '3', '--ms', '5')).toMatchObject({ rounds: 3, ms: 5 });
});

test('--only takes parts in any order, and says them again in its own', () => {
  expect(parsed('--only', 'port, locks')).toMatchObject({ only: ['locks', 'port'], again: '--only locks,port' });
});

test('mistakes are one sentence each, with what to type', () => {
  expect(refusal('--only', 'prot')).toMatch(/no part 'prot'.*locks.* or schedules is allowed; type .* --only port$/);
  expect(refusal('--only', '')).toContain("no part ''");
  expect(refusal('--rounds', '0')).toBe(
    "--rounds takes a whole number from 1 to 1000, not '0'; type for example --rounds 12",
  );
  expect(refusal('--ms', '1.5')).toContain("not '1.5'");
  expect(refusal('--compair', 'x')).toContain('type --compare');
  expect(refusal('--json')).toContain('--json needs a value');
  expect(refusal('locks')).toContain("'locks' belongs to no option");
  expect(refusal('--html', '')).toContain('--html needs the name of a file');
});

test('a file that cannot be written is refused before anything is measured', () => {
  expect(refusal('--json', tmpdir())).toContain('it is a folder');
  expect(refusal('--html', '/dev/null/bench.html')).toMatch(/^--html '.*' cannot be written, .*; it takes a file in/);
});

test('the help names every part', () => {
  const help = parseBench(['--help']);
  expect(typeof help).toBe('string');
  for (const part of PARTS) expect(help).toContain(`\n  ${part} `);
});

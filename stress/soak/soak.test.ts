// SPDX-License-Identifier: GPL-2.0-only
/** The script as it is typed: what it refuses, and what is left of a run that is killed. soak.slow.test.ts soaks. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ps, sleep } from 'zx';
import { needs, noProgram } from '../../src/testing/needs.ts';
import { scratchFolder, typed$ } from '../../src/testing/typed.ts';
import { loadRun } from '../log/load.ts';
import { seedOf } from './budget.ts';
import { hasRound, LOAD, MAIN, soakIn } from './soak.test-data.ts';

const output = scratchFolder();

describe('the process of a run', () => {
  needs(noProgram('ps', 'apt-get install procps'));

  test('that is killed is a failure with a report like any other, and the soak goes on', async () => {
    const folder = join(output, 'killed');
    const args = ['--minutes', '10', '--run-minutes', '5', '--threads', '3', '--seed', '10', '--rerun', '0'];
    const running = typed$`exec node ${MAIN} ${args} --output ${folder} -- ${LOAD}`;
    while (!hasRound(folder)) await sleep(100);
    const children = await ps.lookup({ ppid: String(running.child?.pid) });
    expect(children).toHaveLength(1);
    process.kill(Number(children[0]?.pid), 'SIGKILL');
    await new Promise<void>((resolve) => {
      running.stderr.on('data', (text) => /run 1 .* harness/.test(String(text)) && resolve());
    });
    running.child?.kill('SIGINT');
    const { exitCode } = await running;
    expect(exitCode).toBe(6);
    const { at, soak } = soakIn(folder);
    expect(soak.runs.map(({ verdict }) => verdict).slice(0, 2)).toEqual(
      ['harness', 'interrupted'].slice(0, soak.runs.length),
    );
    expect(readdirSync(join(at, 'runs', soak.runs[0]?.folder ?? ''))).toContain('report.json');
    expect(loadRun(join(at, 'merged')).result.merged[0]?.seed).toBe(seedOf(10, 0));
  }, 120_000);
});

test('arguments that the stress test refuses end the soak at once, with its sentence', async () => {
  const folder = join(output, 'refused');
  const { exitCode, stderr } = await typed$`exec node ${MAIN} --minutes 1 --output ${folder} -- --perturb hevy`;
  expect(exitCode).toBe(1);
  expect(stderr).toContain("--perturb is none, light or heavy, not 'hevy'");
  expect(soakIn(folder).soak).toMatchObject({ merged: null, exitCode: 1 });
}, 60_000);

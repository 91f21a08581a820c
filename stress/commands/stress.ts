// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- [options]`: reads what is asked for, and does it. What that needs is loaded only then: help and
 * wrong options need no RAM.
 */
import { runProgram } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { toolVersion } from '../host/environment.ts';
import { withinLimits } from '../host/limits.ts';
import type { Options } from '../options/options.ts';
import { parseOptions } from '../options/stress_options.ts';
import { leftOutText } from '../report/parts/parameters.ts';
import { KNOWN, SCENARIOS } from '../scenarios/index.ts';
import { minThreads } from '../scenarios/scenario.ts';

function list(names: readonly string[]): string {
  const chosen = SCENARIOS.filter(({ name }) => names.includes(name));
  const width = Math.max(...chosen.map(({ name }) => name.length));
  return chosen
    .map((s) => {
      const about = s.fixedBy.length > 0 ? ` [fixed by ${s.fixedBy.join(', ')}]` : '';
      return `${s.name.padEnd(width)}  ${String(minThreads(s)).padStart(2)} threads or more  ${s.description}${about}`;
    })
    .join('\n');
}

async function run(options: Options): Promise<number> {
  const leftOut = leftOutText(options.leftOut);
  if (leftOut !== null) stderr.write(`left out with ${options.threads} threads: ${leftOut}\n`);
  const [{ runSession }, { planOf }] = await Promise.all([import('../run/session.ts'), import('../run/plan.ts')]);
  return runSession(planOf(options));
}

/** Runs the same load at each width. */
async function sweep(options: Options, widths: readonly number[]): Promise<number> {
  const [{ runSweep }, { sweepSpec }] = await Promise.all([
    import('../sweep/run_sweep.ts'),
    import('../sweep/spec.ts'),
  ]);
  return (await runSweep(sweepSpec(options, widths))).exitCode;
}

async function replay(schedule: string, json: boolean): Promise<number> {
  const { runReplay } = await import('../run/replay.ts');
  return runReplay(schedule, json);
}

async function main(): Promise<number> {
  const asked = parseOptions(process.argv.slice(2), KNOWN);
  switch (asked.kind) {
    case 'help':
      stdout.write(`${asked.text}\n`);
      return 0;
    case 'version':
      stdout.write(`${toolVersion()}\n`);
      return 0;
    case 'list':
      stdout.write(`${list(asked.scenarios)}\n`);
      return 0;
    case 'replay':
      return withinLimits(0, () => replay(asked.schedule, asked.json));
    default: {
      const { threads, sweep: widths } = asked;
      return widths === null ? withinLimits(threads, () => run(asked)) : withinLimits(0, () => sweep(asked, widths));
    }
  }
}

await runProgram(main);

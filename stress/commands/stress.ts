// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- [options]`: reads what is asked for, and does it. What that needs is loaded only then: help and
 * wrong options need no RAM, no scenario and no printer.
 */
import { runProgram, say, sayVersion } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import type { Options } from '../options/options.ts';
import type { StressGiven } from '../options/table.ts';

async function list(names: readonly string[]): Promise<number> {
  const [{ SCENARIOS }, { minThreads }] = await Promise.all([
    import('../scenarios/index.ts'),
    import('../scenarios/scenario.ts'),
  ]);
  const chosen = SCENARIOS.filter(({ name }) => names.includes(name));
  const width = Math.max(...chosen.map(({ name }) => name.length));
  for (const scenario of chosen) {
    const { name, fixedBy, description } = scenario;
    const about = fixedBy.length > 0 ? ` [fixed by ${fixedBy.join(', ')}]` : '';
    const threads = String(minThreads(scenario)).padStart(2);
    stdout.write(`${name.padEnd(width)}  ${threads} threads or more  ${description}${about}\n`);
  }
  return 0;
}

async function run(options: Options): Promise<number> {
  const { leftOutText } = await import('../report/parts/parameters.ts');
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

async function start(given: StressGiven): Promise<number> {
  const [{ optionsOf }, { KNOWN }, { withinLimits }] = await Promise.all([
    import('../options/stress_options.ts'),
    import('../scenarios/index.ts'),
    import('../host/limits.ts'),
  ]);
  const options = optionsOf(given, KNOWN);
  if (options.kind === 'list') return list(options.scenarios);
  const { threads, sweep: widths } = options;
  return widths === null ? withinLimits(threads, () => run(options)) : withinLimits(0, () => sweep(options, widths));
}

async function replay(schedule: string, json: boolean): Promise<number> {
  const { withinLimits } = await import('../host/limits.ts');
  return withinLimits(0, async () => (await import('../run/replay.ts')).runReplay(schedule, json));
}

await runProgram(async (argv) => {
  const { readStressCommand } = await import('../options/command.ts');
  const asked = readStressCommand(argv);
  switch (asked.kind) {
    case 'help':
      return say(asked.text);
    case 'version':
      return sayVersion();
    case 'replay':
      return replay(asked.schedule, asked.json);
    default:
      return start(asked.given);
  }
});

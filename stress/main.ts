// SPDX-License-Identifier: GPL-2.0-only
/** `npm run stress -- [options]`: reads what is asked for, and does it. */
import { runProgram } from './cli/program.ts';
import { stdout } from './cli/streams.ts';
import { toolVersion } from './environment.ts';
import { type Options, parseOptions } from './options.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { minThreads } from './scenarios/scenario.ts';
import { runSession } from './session.ts';

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

/** Runs the same load at each width. What it needs is loaded only then. */
async function sweep(options: Options, widths: readonly number[]): Promise<number> {
  const [{ runSweep }, { sweepSpec }] = await Promise.all([import('./sweep/run_sweep.ts'), import('./sweep/spec.ts')]);
  return (await runSweep(sweepSpec(options, widths))).exitCode;
}

async function replay(schedule: string, json: boolean): Promise<number> {
  const { runReplay } = await import('./det/replay_command.ts');
  return runReplay(schedule, json);
}

async function main(): Promise<number> {
  const known = SCENARIOS.map((s) => ({
    name: s.name,
    minThreads: minThreads(s),
    onlyByName: s.onlyByName === true,
  }));
  const asked = parseOptions(process.argv.slice(2), known);
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
      return replay(asked.schedule, asked.json);
    default:
      return asked.sweep === null ? runSession(asked) : sweep(asked, asked.sweep);
  }
}

await runProgram(main);

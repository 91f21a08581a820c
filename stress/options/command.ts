// SPDX-License-Identifier: GPL-2.0-only
/** The command line of `npm run stress` as commander sees it. */
import { Command, Option } from 'commander';
import { POLICIES } from '../../src/det/schedulers/index.ts';
import { MEMORIES, type Memory } from '../../src/det/state.ts';
import { SLUGS, type Slug } from '../../src/reverts/registry.ts';
import { readCommandLine } from '../cli/command_line.ts';
import { UsageError } from '../cli/usage_error.ts';
import { duration, minutes, oneOf, seed, shard, wholeNumber } from '../cli/values.ts';
import type { Shard } from '../result/run_result.ts';
import { parseThreshold } from '../threshold/threshold.ts';
import { SELF_CHECKS, type SelfCheck } from './engine.ts';
import { DEFAULT_REPORTERS, parseReporters, REPORTER_NAMES, type Reporter } from './reporters.ts';
import { type RoleCounts, roles } from './roles.ts';
import { slugs } from './scenarios.ts';
import { parseSweep } from './widths.ts';

export const THREADS_MAX = 256;
export const BUILDS = ['both', 'patched', 'reverted'] as const;
export const PERTURB = ['none', 'light', 'heavy'] as const;
export const SANITIZE = ['address', 'none'] as const;
export const ENGINES = ['native', 'det'] as const;
/** `portfolio` is random, pct and pos in turn. */
export const SEARCHES = ['portfolio', ...POLICIES, 'dfs'] as const;

/** Options as typed; what has no default here is absent unless given. */
export interface Typed {
  readonly threads?: number;
  readonly minutes?: number;
  readonly duration?: number;
  readonly scenario: readonly string[];
  readonly build: (typeof BUILDS)[number];
  readonly revert: readonly Slug[];
  readonly seed?: number;
  readonly roles?: RoleCounts;
  readonly perturb?: (typeof PERTURB)[number];
  readonly sanitize?: (typeof SANITIZE)[number];
  readonly arenaMib?: number;
  readonly engine: (typeof ENGINES)[number];
  readonly scheduler?: (typeof SEARCHES)[number];
  readonly depth?: number;
  readonly schedules?: number;
  readonly maxSteps?: number;
  readonly preemptions?: number;
  readonly deviations?: number;
  readonly selfCheck?: SelfCheck;
  readonly memory?: Memory;
  readonly replay?: string;
  readonly explainSeconds?: number;
  readonly list?: true;
  readonly json?: true;
  readonly output: string;
  readonly failFast?: true;
  readonly maxFindings: number;
  readonly reporter: readonly Reporter[];
  readonly threshold: readonly string[];
  readonly shard?: Shard;
  readonly sweep?: readonly number[];
  readonly version?: true;
}

const AFTER = `
Examples:
  npm run stress -- --threads 16 --minutes 10
  npm run stress -- --scenario 'head_*' --build reverted --seed 42
  npm run stress -- --revert serialise_migration,exit_waits --duration 90s
  npm run stress -- --build patched --threshold 'locks.completion_lock.wait.p99 < 5ms' --reporter html,junit
  npm run stress -- --sweep threads=1,2,4,8,16 --minutes 2
  npm run stress -- --engine det --schedules 10000
  npm run stress -- --replay reports/RUN/findings/001-slot-leak/schedule.json

Exit codes: 0 passed, 1 usage, 2 forbidden outcome, 3 hang, 4 inconclusive, 5 threshold, 6 harness, or something could
not be written, 129, 130 and 143 interrupted.
The seed fixes the workload; the schedule is the machine's own and differs from run to run. With --engine det the seed
fixes the schedules, too.
`;

/** Adds an expression that can be read. */
function threshold(text: string, before: readonly string[]): string[] {
  parseThreshold(text);
  return [...before, text];
}

const collect = (glob: string, before: readonly string[]): string[] => [...before, glob];

function runOptions(): Command {
  return new Command('npm run stress --')
    .description('Runs the scenarios on the patched and on the reverted build, and reports what surfaced.')
    .helpOption('--help', 'print this')
    .addOption(
      new Option('--threads <n>', `worker threads, all roles together, 1 to ${THREADS_MAX} (default: 16)`).argParser(
        wholeNumber('--threads', 1, THREADS_MAX, 16),
      ),
    )
    .addOption(
      new Option('--minutes <m>', 'how long to run, decimals allowed (default: 1)')
        .argParser(minutes)
        .conflicts('duration'),
    )
    .addOption(new Option('--duration <time>', 'the same with a unit: 500ms, 90s, 10m, 2h').argParser(duration))
    .addOption(
      new Option('--scenario <glob>', 'only scenarios whose name matches; may be repeated')
        .default([], 'all')
        .argParser(collect),
    )
    .addOption(
      new Option('--build <which>', 'which builds to run')
        .choices(BUILDS)
        .default('both')
        .argParser(oneOf('--build', BUILDS)),
    )
    .addOption(
      new Option('--revert <slugs>', `take back exactly these fixes, comma between: ${SLUGS.join(', ')}`)
        .default([], 'none')
        .argParser(slugs)
        .conflicts('build'),
    )
    .addOption(new Option('--seed <n>', 'workload seed, 32 bits, decimal or 0x hex (default: random)').argParser(seed))
    .addOption(
      new Option('--roles <mix>', 'threads of each role, such as submitter=5,completer=3,kworker=2').argParser(roles),
    )
    .addOption(
      new Option('--perturb <how>', 'random stalls that widen races (default: light, of a sweep none)')
        .choices(PERTURB)
        .argParser(oneOf('--perturb', PERTURB)),
    )
    .addOption(
      new Option('--sanitize <what>', 'checks of each memory access (default: address, of a sweep none)')
        .choices(SANITIZE)
        .argParser(oneOf('--sanitize', SANITIZE)),
    )
    .addOption(
      new Option('--arena-mib <n>', 'RAM of the machine, 16 to 1024 MiB (default: 64, of --engine det 16)').argParser(
        wholeNumber('--arena-mib', 16, 1024, 64),
      ),
    )
    .option('--list', 'list the scenarios')
    .option('--json', 'print the result as JSON on stdout')
    .option('--output <dir>', 'folder for the reports', 'reports')
    .option('--fail-fast', 'stop at the first finding that should not be')
    .addOption(
      new Option('--max-findings <n>', 'stop after so many findings')
        .default(100)
        .argParser(wholeNumber('--max-findings', 1, Number.MAX_SAFE_INTEGER, 100)),
    )
    .option('--version', 'print the version');
}

/** Of `--engine det`. */
const detOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--engine <which>', 'native: free threads; det: one thread at a time, every schedule can be replayed')
        .choices(ENGINES)
        .default('native')
        .argParser(oneOf('--engine', ENGINES)),
    )
    .addOption(
      new Option('--scheduler <how>', 'det: who runs next (default: portfolio, which is random, pct and pos in turn)')
        .choices(SEARCHES)
        .argParser(oneOf('--scheduler', SEARCHES)),
    )
    .addOption(
      new Option('--depth <d>', 'det: ordering constraints that a bug may need, for pct (default: 3)').argParser(
        wholeNumber('--depth', 1, 17, 3),
      ),
    )
    .addOption(
      new Option('--schedules <n>', 'det: so many for each scenario and build, instead of a time').argParser(
        wholeNumber('--schedules', 1, 1e9, 1000),
      ),
    )
    .addOption(
      new Option('--max-steps <n>', 'det: steps of a schedule before it is cut off (default: 100000)').argParser(
        wholeNumber('--max-steps', 100, 1e9, 100_000),
      ),
    )
    .addOption(
      new Option(
        '--deviations <n>',
        'det: bound of dfs, which runs all schedules that leave the default order so often (default: 2)',
      )
        .argParser(wholeNumber('--deviations', 0, 64, 2))
        .conflicts(['preemptions']),
    )
    .addOption(
      new Option('--preemptions <n>', 'det: bound of dfs by preemptions alone; who comes next is free').argParser(
        wholeNumber('--preemptions', 0, 64, 1),
      ),
    )
    .addOption(
      new Option('--self-check <which>', 'det: schedules that are run twice to see that they are alike (default: all)')
        .choices(SELF_CHECKS)
        .argParser(oneOf('--self-check', SELF_CHECKS)),
    )
    .addOption(
      new Option(
        '--memory <model>',
        'det: sc: stores are seen at once; tso: later; weak: in any order; of dfs only sc (default: sc)',
      )
        .choices(MEMORIES)
        .argParser(oneOf('--memory', MEMORIES)),
    )
    .addOption(
      new Option(
        '--explain-seconds <n>',
        'how long to explain findings by a schedule that shows them, 0 for not at all (default: 20)',
      ).argParser(wholeNumber('--explain-seconds', 0, 86_400, 20)),
    )
    .addOption(
      new Option('--replay <schedule>', 'runs one schedule again: the word that a finding has, or its schedule.json'),
    );

const build = (): Command =>
  detOptions(runOptions())
    .addOption(
      new Option('--reporter <names>', `reports to write, comma between: ${REPORTER_NAMES.join(', ')}`)
        .default(DEFAULT_REPORTERS, DEFAULT_REPORTERS.join(','))
        .argParser(parseReporters),
    )
    .addOption(
      new Option('--threshold <expression>', 'what must hold, such as "throughput.events > 1e5/s"; may be repeated')
        .default([], 'none')
        .argParser(threshold),
    )
    .addOption(new Option('--shard <i/n>', 'only part i of n of the seeds').argParser(shard))
    .addOption(
      new Option('--sweep <widths>', 'the same load at several widths, such as threads=1,2,4,8,16')
        .argParser(parseSweep)
        .conflicts(['threads', 'scenario', 'build', 'revert', 'roles', 'shard', 'threshold']),
    )
    .addHelpText('after', AFTER);

/** @returns the options, or the text of the help that was asked for */
export function readStressCommand(argv: readonly string[]): Typed | string {
  const command = build().allowExcessArguments(true);
  const help = readCommandLine(command, argv);
  if (help !== null) return help;
  const [stray] = command.args;
  if (stray !== undefined) {
    // `npm run stress --threads 16` keeps the option and passes the 16 on
    throw new UsageError(
      'unexpected-argument',
      `'${stray}' belongs to no option, only options are allowed and npm passes them on behind a -- of its own; ` +
        'type for example npm run stress -- --threads 16',
    );
  }
  return command.opts<Typed>();
}

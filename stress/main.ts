// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run stress -- [options]`: parse, run the campaign, grade, print, write.
 *
 * SIGINT or SIGTERM once: the round ends, and a whole report of what was measured so far is written. Again: the report
 * is written as it stands, and the process ends at once.
 */

import { ktime_get } from '../src/arch/sab/clock.ts';
import { Campaign, type CampaignResult, chooseCases } from './campaign.ts';
import { environment, toolVersion } from './environment.ts';
import { grade } from './grade.ts';
import { againLine, type Options, parseOptions, UsageError } from './options.ts';
import { Pool } from './pool.ts';
import { toConsole } from './report/console.ts';
import { toJson } from './report/json.ts';
import { Progress } from './report/progress.ts';
import { type RunResult, SCHEMA_VERSION, VERDICTS } from './report/result.ts';
import { runFolder, writeReports } from './report/write.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { minThreads } from './scenarios/scenario.ts';

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof SIGNAL_EXIT;
/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm. */
const ONE_PRESS_NS = 1e9;

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

/** The run's result, graded. @param signal - what stopped it, if anything did */
function conclude(options: Options, campaign: CampaignResult, startedAt: string, signal: StopSignal | null): RunResult {
  const { verdict, reason } = grade(campaign.cases, signal !== null);
  const cleanRounds = campaign.cases.filter((c) => c.reverted.length === 0).reduce((sum, c) => sum + c.rounds, 0);
  const exitCode = verdict === 'interrupted' && signal !== null ? SIGNAL_EXIT[signal] : VERDICTS[verdict];
  return {
    schemaVersion: SCHEMA_VERSION,
    verdict,
    exitCode,
    reason,
    interrupted: signal !== null,
    startedAt,
    elapsedMs: campaign.elapsedMs,
    parameters: {
      threads: options.threads,
      durationMs: options.durationMs,
      seed: options.seed,
      scenarios: [...new Set(campaign.cases.map((c) => c.scenario.name))],
      build: options.revert.length > 0 ? 'revert' : options.build,
      revert: options.revert,
      roles: options.roles as Readonly<Record<string, number>> | null,
      perturb: options.perturb,
      sanitize: options.sanitize,
      arenaMib: options.arenaMib,
      again: againLine(options),
    },
    environment: environment(),
    scenarios: campaign.cases.map((c) => c.result()),
    locks: campaign.locks,
    latency: campaign.latency,
    throughput: {
      events: campaign.events,
      eventsPerSecond: campaign.ranMs === 0 ? 0 : (campaign.events * 1000) / campaign.ranMs,
    },
    confidence: { cleanRounds, ruleOfThree: cleanRounds === 0 ? 0 : 3 / cleanRounds },
  };
}

/** Runs what the options ask for. @returns the exit code */
async function stress(options: Options): Promise<number> {
  const cases = chooseCases(options, SCENARIOS);
  const startedAt = new Date().toISOString();
  const stop = new AbortController();
  let signal: StopSignal | null = null;
  let signalledAt = 0;
  const folder = runFolder(options.output, startedAt, options.seed);
  const progress = new Progress(process.stderr);
  const pool = new Pool(options.threads, options.arenaMib, options.sanitize === 'address');
  const campaign = new Campaign(
    options,
    pool,
    cases,
    (state) => progress.update({ ...state, totalMs: options.durationMs, seed: options.seed }),
    stop.signal,
  );
  for (const name of Object.keys(SIGNAL_EXIT) as StopSignal[]) {
    process.on(name, () => {
      const now = ktime_get();
      if (signal === null) {
        signal = name;
        signalledAt = now;
        stop.abort();
      } else if (now - signalledAt > ONE_PRESS_NS) {
        // Whoever presses twice does not want to wait, but what was measured is not to be lost.
        writeReports(folder, conclude(options, campaign.result(), startedAt, signal));
        process.exit(SIGNAL_EXIT[name]);
      }
    });
  }
  let failure: unknown = null;
  try {
    await campaign.run();
  } catch (error) {
    // What was measured until then is still worth a report.
    failure = error;
  }
  progress.finish();
  const result = withFailure(conclude(options, campaign.result(), startedAt, signal), failure);
  const written = writeReports(folder, result);
  const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const text = toConsole(result, { color, width: Math.min(process.stdout.columns ?? 120, 160) });
  if (options.json) {
    process.stderr.write(text);
    process.stdout.write(toJson(result));
  } else {
    process.stdout.write(text);
  }
  process.stderr.write(`reports: ${written.filter((path) => !path.includes('findings')).join(' ')}\n`);
  await pool.close();
  return result.exitCode;
}

/** A run that the harness itself could not go on with. */
function withFailure(result: RunResult, failure: unknown): RunResult {
  if (failure === null) return result;
  const why = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return { ...result, verdict: 'harness', exitCode: VERDICTS.harness, reason: `the harness failed: ${why}` };
}

async function main(): Promise<number> {
  const known = SCENARIOS.map((s) => ({ name: s.name, minThreads: minThreads(s) }));
  const asked = parseOptions(process.argv.slice(2), known);
  switch (asked.kind) {
    case 'help':
      process.stdout.write(`${asked.text}\n`);
      return 0;
    case 'version':
      process.stdout.write(`${toolVersion()}\n`);
      return 0;
    case 'list':
      process.stdout.write(`${list(asked.scenarios)}\n`);
      return 0;
    default:
      return stress(asked);
  }
}

try {
  process.exit(await main());
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(
    `${usage ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(usage ? VERDICTS.usage : VERDICTS.harness);
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run soak -- [options]`: many runs of the stress test, one report.
 *
 * SIGINT or SIGTERM once: the run ends and writes its report, all runs are merged. A third time: leave at once; what
 * was measured is in the runs' event logs.
 */
import { join } from 'node:path';
import { Interrupt } from '../cli/interrupt.ts';
import { UsageError } from '../options_error.ts';
import { VERDICTS } from '../report/result.ts';
import { appendStepSummary } from '../report/step_summary.ts';
import { parseSoak, type SoakOptions } from './options.ts';
import { Soaking } from './soak.ts';
import { toSoakMarkdown, toSoakText } from './text.ts';

async function soak(options: SoakOptions): Promise<number> {
  const soaking = new Soaking(options, new Interrupt(), (line) => process.stderr.write(`${line}\n`));
  await soaking.run();
  const result = soaking.finish();
  process.stdout.write(toSoakText(result, Math.min(process.stdout.columns ?? 120, 160)));
  process.stderr.write(`reports: ${join(soaking.at, 'soak.md')} ${join(soaking.at, result.merged ?? 'runs')}\n`);
  appendStepSummary(toSoakMarkdown(result), process.env, (text) => process.stderr.write(text));
  return result.exitCode;
}

// Who reads the progress may go away; the soak goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const options = parseSoak(process.argv.slice(2));
  if (typeof options === 'string') process.stdout.write(options);
  process.exit(typeof options === 'string' ? 0 : await soak(options));
} catch (error) {
  const usage = error instanceof UsageError;
  const text = error instanceof Error ? (usage ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(usage ? VERDICTS.usage : VERDICTS.harness);
}

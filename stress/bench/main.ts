// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run bench -- [options]`: how fast the machine is, and how far from the same algorithms in C.
 *
 * SIGINT or SIGTERM once: what was measured so far is written, after this window. A third time: leave at once.
 */

import { SIGNAL_EXIT } from '../cli/exit_code.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { UsageError } from '../options_error.ts';
import { VERDICTS } from '../report/result.ts';
import { appendStepSummary } from '../report/step_summary.ts';
import { ReportError } from '../report/write.ts';
import { compareBenches, readBench } from './compare.ts';
import { type BenchOptions, parseBench } from './options.ts';
import { runBench } from './run_bench.ts';
import { toBenchMarkdown, toBenchText } from './text.ts';
import { writeBench } from './write.ts';

const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const width = Math.min(process.stdout.columns ?? 120, 160);

/** A window, or starting threads on a busy machine, may take so long. */
const PATIENCE_MS = 10_000;

/** Resolves so long after the first signal. */
const afterSignal = (interrupt: Interrupt): Promise<void> =>
  new Promise((resolve) => {
    void interrupt.during(() => setTimeout(resolve, PATIENCE_MS), new Promise(() => {}));
  });

async function bench(options: BenchOptions): Promise<number> {
  const earlier = options.compare === null ? null : readBench(options.compare);
  const interrupt = new Interrupt();
  const measured = await runBench(options, {
    tell: (line) => process.stderr.write(`${line}\n`),
    stopped: () => interrupt.signal !== null,
    givenUp: afterSignal(interrupt),
  });
  const result = earlier === null ? measured : { ...measured, comparison: compareBenches(earlier, measured) };
  process.stdout.write(toBenchText(result, { color, width }));
  const written = writeBench(result, options);
  appendStepSummary(toBenchMarkdown(result), process.env, (text) => process.stderr.write(text));
  process.stderr.write(`reports: ${written.join(' ')}\n`);
  if (result.failure !== null) {
    process.stderr.write(`${result.failure}\n`);
    return VERDICTS.harness;
  }
  return interrupt.signal === null ? VERDICTS.passed : SIGNAL_EXIT[interrupt.signal];
}

// Who reads the progress may go away; the benchmark goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  const options = parseBench(process.argv.slice(2));
  if (typeof options === 'string') process.stdout.write(options);
  process.exit(typeof options === 'string' ? VERDICTS.passed : await bench(options));
} catch (error) {
  const usage = error instanceof UsageError;
  const told = usage || error instanceof ReportError;
  const text = error instanceof Error ? (told ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(usage ? VERDICTS.usage : VERDICTS.harness);
}

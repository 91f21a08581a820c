// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run bench -- [options]`: how fast the machine is, and how far from the same algorithms in C.
 *
 * A first signal ends it after this window, a second at once; what was measured so far is printed and written.
 */
import type { BenchOptions } from '../bench/bench_options.ts';
import { exitWith, worstExit } from '../cli/exit_code.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { runProgram, say } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { VERDICTS } from '../result/run_result.ts';

/** A window, or starting threads on a busy machine, may take so long. */
const PATIENCE_MS = 10_000;

/** Resolves so long after the first signal, or with the second. */
const givenUp = ({ stop, hurry }: Interrupt): Promise<void> =>
  new Promise((resolve) => {
    stop.addEventListener('abort', () => setTimeout(resolve, PATIENCE_MS));
    hurry.addEventListener('abort', () => resolve());
  });

async function bench(options: BenchOptions): Promise<number> {
  const interrupt = new Interrupt();
  const { compareBenches, readBench } = await import('../bench/compare.ts');
  const [{ runBench }, { toBenchMarkdown, toBenchText }, { writeBench }, { appendStepSummary }] = await Promise.all([
    import('../bench/run_bench.ts'),
    import('../bench/bench_text.ts'),
    import('../bench/write.ts'),
    import('../report/printers/step_summary.ts'),
  ]);
  const earlier = options.compare === null ? null : readBench(options.compare);
  const measured = await runBench(options, {
    tell: (line) => stderr.write(`${line}\n`),
    stopped: () => interrupt.signal !== null,
    givenUp: givenUp(interrupt),
  });
  const result = earlier === null ? measured : { ...measured, comparison: compareBenches(earlier, measured) };
  stdout.write(toBenchText(result, stdout));
  const files = writeBench(result, options);
  stderr.write(`reports: ${files.written.join(' ')}\n`);
  for (const line of files.lines(null)) stderr.write(`${line}\n`);
  appendStepSummary(toBenchMarkdown(result), process.env, (text) => stderr.write(text));
  if (result.failure !== null) stderr.write(`${result.failure}\n`);
  const code = worstExit([result.failure === null ? VERDICTS.passed : VERDICTS.harness], interrupt.signal);
  interrupt.over(exitWith(code, files.lost));
  return exitWith(code, files.lost);
}

await runProgram(async (argv) => {
  const { parseBench } = await import('../bench/bench_options.ts');
  const options = parseBench(argv);
  if (typeof options === 'string') return say(options);
  const { withinLimits } = await import('../host/limits.ts');
  return withinLimits(0, () => bench(options));
});

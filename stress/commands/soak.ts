// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run soak -- [options]`: many runs of the stress test, one report.
 *
 * A signal ends the run under way, which writes its report; all runs are merged. A third one kills that run.
 */
import { join } from 'node:path';
import { Interrupt } from '../cli/interrupt.ts';
import { runProgram, say } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import type { SoakOptions } from '../soak/soak_options.ts';

async function soak(options: SoakOptions): Promise<number> {
  const interrupt = new Interrupt();
  const [{ appendStepSummary }, { Soaking }, { toSoakMarkdown, toSoakText }] = await Promise.all([
    import('../report/printers/step_summary.ts'),
    import('../soak/soak.ts'),
    import('../soak/soak_text.ts'),
  ]);
  const soaking = new Soaking(options, interrupt, (line) => stderr.write(`${line}\n`));
  await soaking.run();
  const result = soaking.finish();
  stdout.write(toSoakText(result, stdout.width));
  stderr.write(`reports: ${join(soaking.at, 'soak.md')} ${join(soaking.at, result.merged ?? 'runs')}\n`);
  appendStepSummary(toSoakMarkdown(result), process.env, (text) => stderr.write(text));
  interrupt.over(result.exitCode);
  return result.exitCode;
}

await runProgram(async (argv) => {
  const { parseSoak } = await import('../soak/soak_options.ts');
  const options = parseSoak(argv);
  if (typeof options === 'string') return say(options);
  const { withinLimits } = await import('../host/limits.ts');
  return withinLimits(0, () => soak(options));
});

// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report -- render|diff|merge|export-c`: see `--help`. */
import { runReport } from './run_command.ts';

const { stdout, stderr, env } = process;

// Output to a pipe may take longer than the work: the code is set, and the process ends when all is written.
process.exitCode = await runReport(process.argv.slice(2), {
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  color: stdout.isTTY === true && !env['NO_COLOR'],
  width: Math.min(stdout.columns ?? 140, 160),
  env,
});

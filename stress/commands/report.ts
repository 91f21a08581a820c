// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report -- render|diff|merge|export-c`: see `--help`. */
import { runProgram } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { runReport } from './run_report.ts';

await runProgram((argv) =>
  runReport(argv, {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    color: stdout.color,
    width: Math.min(stdout.columns ?? 140, 160),
    env: process.env,
  }),
);

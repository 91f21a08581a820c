// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report -- render|diff|merge|export-c`: see `--help`. */
import { runProgram } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { runReport } from './render.ts';

await runProgram(() =>
  runReport(process.argv.slice(2), {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    color: stdout.color,
    width: Math.min(stdout.columns ?? 140, 160),
    env: process.env,
  }),
);

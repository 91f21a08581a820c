// SPDX-License-Identifier: GPL-2.0-only
/** What `npm run report` does for each of its commands. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitWith } from '../cli/exit_code.ts';
import { Files, whyUnwritable } from '../cli/files.ts';
import { checkEmpty, checkOutput } from '../cli/output.ts';
import { UsageError } from '../cli/usage_error.ts';
import { compareRuns } from '../compare/compare.ts';
import { comparisonMarkdown } from '../compare/comparison_markdown.ts';
import { comparisonText } from '../compare/comparison_text.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import { verdictLine } from '../report/parts/parameters.ts';
import { toMarkdown } from '../report/printers/markdown.ts';
import { appendStepSummary } from '../report/printers/step_summary.ts';
import { renderCommand, writeReports, writtenText } from '../report/write.ts';
import { VERDICTS } from '../result/run_result.ts';
import type { Asked, ReportCommand } from './report_options.ts';

/** Where the command reads and writes besides the folders that it is given. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
  readonly width: number;
  readonly env: NodeJS.ProcessEnv;
}

function render({ folder, reporter: reporters, output }: Asked<'render'>, terminal: Terminal): number {
  const to = output ?? folder;
  if (resolve(to) !== resolve(folder)) checkEmpty(to);
  const run = loadRun(folder);
  if (output !== undefined) checkOutput(output);
  terminal.out(`${verdictLine(run.result)}\n`);
  const files = writeReports(to, run, reporters);
  terminal.err(writtenText(to, files, renderCommand(folder, reporters), null));
  return exitWith(VERDICTS.passed, files.lost);
}

function diff(asked: Asked<'diff'>, { out, color, width }: Terminal): number {
  const { a, b, json, markdown, minEffect, failOnDifference } = asked;
  const comparison = compareRuns(loadRun(a), loadRun(b), { minEffect, names: { a, b } });
  if (json) out(`${JSON.stringify(comparison, null, 2)}\n`);
  else out(markdown ? comparisonMarkdown(comparison) : comparisonText(comparison, { color, width }));
  return failOnDifference && comparison.moved.length > 0 ? VERDICTS.threshold : VERDICTS.passed;
}

function merge({ folders, reporter: reporters, output }: Asked<'merge'>, terminal: Terminal): number {
  const { run, cut } = mergeRuns(folders, output);
  terminal.out(`${verdictLine(run.result)}\n`);
  const again = cut === null ? renderCommand(output, reporters) : null;
  const files = writeReports(output, run, reporters);
  terminal.err(writtenText(output, files, again, cut));
  appendStepSummary(toMarkdown(run.result), terminal.env, terminal.err);
  return exitWith(VERDICTS.passed, files.lost || cut !== null);
}

async function program({ what, out: file }: Asked<'export-c'>, { out, err }: Terminal): Promise<number> {
  if (file !== undefined && existsSync(file)) {
    throw new UsageError(
      'output',
      `--out '${file}' is there already, and nothing is overwritten; name a file that is not there yet`,
    );
  }
  const why = file === undefined ? null : whyUnwritable(file);
  if (why !== null) throw new UsageError('output', `--out '${file}' cannot be written, ${why}; name another file`);
  const { exportC } = await import('../export_c/export_c.ts');
  const text = await exportC(what);
  if (file === undefined) {
    out(text);
    return VERDICTS.passed;
  }
  const files = new Files();
  files.write(file, () => text);
  for (const line of [...files.written.map((path) => `program: ${path}`), ...files.lines(null)]) err(`${line}\n`);
  return exitWith(VERDICTS.passed, files.lost);
}

/** @returns the exit code */
export async function obey(asked: ReportCommand, terminal: Terminal): Promise<number> {
  switch (asked.kind) {
    case 'render':
      return render(asked, terminal);
    case 'diff':
      return diff(asked, terminal);
    case 'merge':
      return merge(asked, terminal);
    default:
      return program(asked, terminal);
  }
}

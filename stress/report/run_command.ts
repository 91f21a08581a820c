// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report`: does what the command line asks for, and says what is wrong in a sentence. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../cli/folder.ts';
import { CompareError } from '../compare/comparable.ts';
import { compareRuns } from '../compare/compare.ts';
import { comparisonMarkdown } from '../compare/markdown.ts';
import { comparisonText } from '../compare/text.ts';
import { exportC } from '../export_c/export_c.ts';
import { loadRun } from '../log/load.ts';
import { mergeRuns } from '../log/merge.ts';
import { LogError } from '../log/reader.ts';
import { UsageError } from '../options_error.ts';
import { type Diff, type ExportC, type Merge, type Render, readReportCommand } from './command.ts';
import { toMarkdown } from './markdown.ts';
import { verdictLine } from './parameters.ts';
import { VERDICTS } from './result.ts';
import { appendStepSummary } from './step_summary.ts';
import { ReportError, writeReports } from './write.ts';

/** Where the command reads and writes besides the folders that it is given. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly color: boolean;
  readonly width: number;
  readonly env: NodeJS.ProcessEnv;
}

/** A folder of its own for what is rendered: other reports are not overwritten. */
function checkOutput(output: string): void {
  if (!existsSync(output)) return;
  if (!statSync(output).isDirectory()) {
    throw new UsageError(
      'output',
      `--output '${output}' is a file, a folder is needed; name one that is not there yet, or is empty`,
    );
  }
  if (readdirSync(output).length > 0) {
    throw new UsageError(
      'output',
      `--output '${output}' is not empty, and nothing is overwritten; name a folder that is not there yet`,
    );
  }
}

const listed = (paths: readonly string[]): string =>
  `reports: ${paths.filter((path) => !path.includes('findings')).join(' ')}\n`;

function render({ folder, reporters, output }: Render, { out, err }: Terminal): number {
  const to = output ?? folder;
  if (resolve(to) !== resolve(folder)) checkOutput(to);
  const run = loadRun(folder);
  const written = writeReports(to, run, reporters);
  out(`${verdictLine(run.result)}\n`);
  err(listed(written));
  return VERDICTS.passed;
}

function diff({ a, b, format, minEffect, failOnDifference }: Diff, { out, color, width }: Terminal): number {
  const comparison = compareRuns(loadRun(a), loadRun(b), { minEffect, names: { a, b } });
  switch (format) {
    case 'json':
      out(`${JSON.stringify(comparison, null, 2)}\n`);
      break;
    case 'md':
      out(comparisonMarkdown(comparison));
      break;
    default:
      out(comparisonText(comparison, { color, width }));
  }
  return failOnDifference && comparison.moved.length > 0 ? VERDICTS.threshold : VERDICTS.passed;
}

function merge({ folders, reporters, output }: Merge, { out, err, env }: Terminal): number {
  const run = mergeRuns(folders, output);
  const written = writeReports(output, run, reporters);
  appendStepSummary(toMarkdown(run.result), env, err);
  out(`${verdictLine(run.result)}\n`);
  err(listed(written));
  return VERDICTS.passed;
}

async function program({ what, out: file }: ExportC, { out, err }: Terminal): Promise<number> {
  if (file !== null && existsSync(file)) {
    throw new UsageError(
      'output',
      `--out '${file}' is there already, and nothing is overwritten; name a file that is not there yet`,
    );
  }
  const text = await exportC(what);
  if (file === null) {
    out(text);
    return VERDICTS.passed;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError('output', `--out '${file}' cannot be written: ${reasonOf(error)}; name another file`);
  }
  err(`program: ${file}\n`);
  return VERDICTS.passed;
}

async function obey(argv: readonly string[], terminal: Terminal): Promise<number> {
  const asked = readReportCommand(argv);
  switch (asked.kind) {
    case 'render':
      return render(asked, terminal);
    case 'diff':
      return diff(asked, terminal);
    case 'merge':
      return merge(asked, terminal);
    case 'export-c':
      return program(asked, terminal);
    default:
      terminal.out(asked.text);
      return VERDICTS.passed;
  }
}

const isUsersFault = (error: unknown): error is Error =>
  [UsageError, LogError, ReportError, CompareError].some((kind) => error instanceof kind);

/** @returns the exit code */
export async function runReport(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await obey(argv, terminal);
  } catch (error) {
    if (isUsersFault(error)) {
      terminal.err(`${error.message}\n`);
      return VERDICTS.usage;
    }
    terminal.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return VERDICTS.harness;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report`: does what the command line asks for, and says what is wrong in a sentence. */
import { failure } from '../cli/program.ts';
import { VERDICTS } from '../result/run_result.ts';
import type { Terminal } from './report_actions.ts';

/** @returns the exit code */
export async function runReport(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { readReportCommand } = await import('./report_options.ts');
    const asked = readReportCommand(argv);
    if (typeof asked !== 'string') return await (await import('./report_actions.ts')).obey(asked, terminal);
    terminal.out(asked);
    return VERDICTS.passed;
  } catch (error) {
    const { text, code } = failure(error);
    terminal.err(`${text}\n`);
    return code;
  }
}

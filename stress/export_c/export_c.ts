// SPDX-License-Identifier: GPL-2.0-only
/** `npm run report -- export-c`: a finding or a trace as a C program for a real kernel. */
import { UsageError } from '../cli/usage_error.ts';
import { commit } from '../host/environment.ts';
import { readAsked } from './asked.ts';
import { ExportError } from './c_text.ts';
import { findingProgram } from './from_finding.ts';
import { traceProgram } from './from_trace.ts';

/** @param what - as of readAsked() @returns the program @throws UsageError */
export async function exportC(what: string): Promise<string> {
  const asked = readAsked(what);
  try {
    return asked.kind === 'trace'
      ? traceProgram(asked.trace, asked.cpus, commit())
      : await findingProgram(asked.schedule, commit());
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    throw new UsageError('bad-value', `'${what}' cannot be a C program: ${error.message}`);
  }
}

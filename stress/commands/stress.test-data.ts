// SPDX-License-Identifier: GPL-2.0-only
/** What tests of the command as it is typed share. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from 'zx';
import type { RunResult } from '../result/run_result.ts';

export const MAIN = join(import.meta.dirname, '../../dist/stress/commands/stress.js');

/** @param output - the folder that runs write to */
export const runsIn = (output: string) => {
  const reports = (): string[] => readdirSync(output);
  return {
    /** The smallest run there is: one scenario, on the build that should show nothing. */
    SMALL: ['--scenario', 'unread_events_overwritten', '--build', 'patched', '--threads', '4', '--output', output],
    reports,
    reportOf: (folder: string): RunResult =>
      JSON.parse(readFileSync(join(output, folder, 'report.json'), 'utf8')) as RunResult,
    /** Waits until a run that is not among `before` has written down that events were reaped. */
    measuring: async (before: readonly string[]): Promise<void> => {
      for (;;) {
        const [folder] = reports().filter((name) => !before.includes(name));
        const log = folder === undefined ? '' : join(output, folder, 'events.ndjson');
        if (existsSync(log) && /"reaped":[1-9]/.test(readFileSync(log, 'utf8'))) return;
        await sleep(50);
      }
    },
  };
};

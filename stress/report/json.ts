// SPDX-License-Identifier: GPL-2.0-only
/** report.json: the whole result, for programs. */
import type { RunResult } from './result.ts';

export const toJson = (result: RunResult): string => `${JSON.stringify(result, null, 2)}\n`;

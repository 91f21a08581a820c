// SPDX-License-Identifier: GPL-2.0-only
/** report.json: the whole result, for programs. A list of numbers, such as a histogram, stands on one line. */
import type { RunResult } from '../../result/run_result.ts';

/** Matches no text of the result: a line ends inside of no string in JSON. */
const NUMBERS = /\[\n\s*(-?[\d.eE+-]+(?:,\n\s*-?[\d.eE+-]+)*)\n\s*\]/g;

export const toJson = (result: RunResult): string =>
  `${JSON.stringify(result, null, 2).replace(NUMBERS, (_, list: string) => `[${list.replace(/\n\s*/g, ' ')}]`)}\n`;

// SPDX-License-Identifier: GPL-2.0-only
/** Writes the reports of a run to a folder of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf, makeFolder, reasonOf } from './folder.ts';
import { buildText, worstFirst } from './grade.ts';
import { toJson } from './json.ts';
import { toLockStat } from './lock_stat.ts';
import { toMarkdown } from './markdown.ts';
import { palette } from './palette.ts';
import { againCommand } from './parameters.ts';
import type { Finding, RunResult, ScenarioResult } from './result.ts';
import { splat } from './splat.ts';
import { command } from './text.ts';

/** A report that could not be written; `message` is a sentence. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

const WIDTH = 120;
const NAME_MAX = 60;
const FOLDERS_MAX = 1000;

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new ReportError(`The report cannot be written to '${path}': ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * Makes `<output>/<utc>-<seed>`, or the first of `-2`, `-3`, … that is not there yet. @param startedAt - ISO 8601,
 * UTC
 */
export function runFolder(output: string, startedAt: string, seed: number): string {
  const utc = startedAt.replace(/\.\d+/, '').replace(/[^0-9TZ]/g, '');
  const first = join(output, `${utc}-${seed}`);
  return attempt(first, () => {
    makeFolder(output);
    for (let n = 1; n <= FOLDERS_MAX; n++) {
      const folder = n === 1 ? first : `${first}-${n}`;
      try {
        // made, not looked for: two runs that start in the same second get a folder each
        mkdirSync(folder);
        return folder;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    throw new Error(`there are ${FOLDERS_MAX} of them already`);
  });
}

const slugOf = ({ kind, where }: Finding): string =>
  `${kind} ${where}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_MAX)
    .replace(/^-|-$/g, '');

function findingText(result: RunResult, scenario: ScenarioResult, finding: Finding): string {
  const lines = [
    ...command(againCommand(result), WIDTH),
    '',
    `${scenario.name} (${buildText(scenario)})`,
    ...splat(scenario, finding, palette(false), WIDTH),
  ];
  return `${lines.join('\n')}\n`;
}

/** @returns the paths written, report.json first @throws ReportError */
export function writeReports(dir: string, result: RunResult): string[] {
  const files: [string, string][] = [
    ['report.json', toJson(result)],
    ['report.md', toMarkdown(result)],
    ['lock_stat.txt', toLockStat(result.locks)],
  ];
  let number = 0;
  for (const scenario of result.scenarios) {
    for (const finding of worstFirst(scenario.findings)) {
      const name = `${String(++number).padStart(3, '0')}-${slugOf(finding)}`;
      files.push([join('findings', name, 'report.txt'), findingText(result, scenario, finding)]);
    }
  }
  return files.map(([name, text]) => {
    const path = join(dir, name);
    return attempt(path, () => {
      makeFolder(dirname(path));
      writeFileSync(path, text);
      return path;
    });
  });
}

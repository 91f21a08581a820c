// SPDX-License-Identifier: GPL-2.0-only
/** findings/NNN-slug/report.txt: each finding in a folder of its own, as a kernel prints it. */
import { scheduleJson } from '../../det/schedule/json.ts';
import { readScheduleString } from '../../det/schedule/string.ts';
import { buildText, worstFirst } from '../../result/labels.ts';
import type { Finding, RunResult, ScenarioResult } from '../../result/run_result.ts';
import { command } from '../../text/layout.ts';
import { palette } from '../../text/palette.ts';
import { againCommand } from './parameters.ts';
import { splat } from './splat.ts';

const WIDTH = 120;
const NAME_MAX = 60;

export interface FindingFile {
  /** `findings/001-slot-leak/report.txt` */
  readonly path: string;
  readonly scenario: ScenarioResult;
  readonly finding: Finding;
}

const slugOf = ({ kind, where }: Finding): string =>
  `${kind} ${where}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_MAX)
    .replace(/^-|-$/g, '');

/** Every finding and where it is written to. */
export function findingFiles({ scenarios }: RunResult): FindingFile[] {
  return scenarios
    .flatMap((scenario) => worstFirst(scenario.findings).map((finding) => ({ scenario, finding })))
    .map(({ scenario, finding }, i) => ({
      path: `findings/${String(i + 1).padStart(3, '0')}-${slugOf(finding)}/report.txt`,
      scenario,
      finding,
    }));
}

export function findingText(result: RunResult, { scenario, finding }: FindingFile): string {
  const lines = [
    ...command(againCommand(result), WIDTH),
    '',
    `${scenario.name} (${buildText(scenario)})`,
    ...splat(scenario, finding, palette(false), WIDTH),
  ];
  return `${lines.join('\n')}\n`;
}

/** The finding's schedule as a file; null if it has none, or one of another format. */
export function findingSchedule({ path, finding }: FindingFile): { path: string; text: string } | null {
  const schedule = finding.explained?.explanation?.schedule ?? finding.schedule;
  const read = schedule === undefined ? null : readScheduleString(schedule);
  return read === null ? null : { path: path.replace('report.txt', 'schedule.json'), text: scheduleJson(read) };
}

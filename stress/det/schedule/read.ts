// SPDX-License-Identifier: GPL-2.0-only
/** A schedule that somebody has typed, or a file of one, for what this machine has. */
import { readFileSync } from 'node:fs';
import { isSlug, SLUGS } from '../../../src/reverts/registry.ts';
import { codeOf } from '../../cli/folder.ts';
import { nearest } from '../../cli/usage_error.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { parseScheduleJson } from './json.ts';
import { badSchedule, SCHEDULE_FORMAT, type Schedule } from './schedule.ts';
import { decodeSchedule, isScheduleString } from './string.ts';

/** @returns the schedule @throws UsageError if it is for a scenario or a build that there is not */
export function checkNames(schedule: Schedule): Schedule {
  const { scenario, reverted, applied = [] } = schedule;
  const names = SCENARIOS.map(({ name }) => name);
  if (!names.includes(scenario)) {
    throw badSchedule(
      `is for a scenario '${scenario}' that there is not`,
      `the nearest is ${nearest(scenario, names)[0]}`,
      'check out the commit that wrote it and type the same there',
    );
  }
  const unknown = [...reverted, ...applied].find((slug) => !isSlug(slug));
  if (unknown === undefined) return schedule;
  throw badSchedule(
    `is for a build with or without a fix '${unknown}' that there is not`,
    `the fixes are ${SLUGS.join(', ')}`,
    'check out the commit that wrote it and type the same there',
  );
}

/** @param asked - the word, or the path of the file @throws UsageError */
export function readSchedule(asked: string): Schedule {
  if (isScheduleString(asked)) return checkNames(decodeSchedule(asked));
  let text: string;
  try {
    text = readFileSync(asked, 'utf8');
  } catch (error) {
    throw badSchedule(
      `'${asked.length > 60 ? `${asked.slice(0, 60)}…` : asked}' is no file that can be read (${codeOf(error)})`,
      `it is a word that begins with kx${SCHEDULE_FORMAT}: or the path of a schedule.json`,
      'type --replay and the word that the report of the finding has',
    );
  }
  const trimmed = text.trim();
  return checkNames(isScheduleString(trimmed) ? decodeSchedule(trimmed) : parseScheduleJson(text));
}

// SPDX-License-Identifier: GPL-2.0-only
/** A schedule as a file, `schedule.json`: for people to read, with a checksum over what it says, not how. */
import { RCUS } from '../../../src/arch/sab/cpu.ts';
import { ROLES } from '../../../workers/protocol.ts';
import { badSchedule, MEMORIES, otherFormat, SCHEDULE_FORMAT, type Schedule } from './schedule.ts';
import { scheduleChecksum } from './string.ts';

/** One decision a line. */
export function scheduleJson(schedule: Schedule): string {
  const { decisions, ...rest } = schedule;
  const head = JSON.stringify({ ...rest, checksum: scheduleChecksum(schedule) }, null, 2).slice(0, -2);
  if (decisions.length === 0) return `${head},\n  "decisions": []\n}\n`;
  const lines = decisions.map((decision) => `    ${JSON.stringify(decision)}`);
  return `${head},\n  "decisions": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const isListOf = (value: unknown, is: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);
const orNull =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || is(value);

const FIELDS: Readonly<Record<keyof Schedule, (value: unknown) => boolean>> = {
  format: isCount,
  tool: isText,
  source: isText,
  scenario: isText,
  reverted: (value) => isListOf(value, isText),
  applied: (value) => value === undefined || isListOf(value, isText),
  rcu: (value) => value === undefined || RCUS.some((name) => name === value),
  roles: (value) => isListOf(value, (role) => ROLES.some((name) => name === role)),
  seed: isCount,
  turns: orNull(isCount),
  memory: (value) => MEMORIES.some((name) => name === value),
  arenaMib: isCount,
  maxSteps: isCount,
  decisions: (value) =>
    isListOf(value, (item) => isObject(item) && [item['cpu'], item['step'], item['to']].every(isCount)),
  hash: orNull(isCount),
};

/** @throws UsageError */
export function parseScheduleJson(text: string): Schedule {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badSchedule('is cut off or was changed', 'it is no JSON to its end', 'take the file from the report again');
  }
  if (!isObject(value) || value['format'] === undefined) {
    throw badSchedule('is none', 'a schedule has a format, a scenario and decisions', 'type --replay schedule.json');
  }
  if (value['format'] !== SCHEDULE_FORMAT) throw otherFormat(String(value['format']));
  const wrong = Object.entries(FIELDS).find(([name, is]) => !is((value as Json)[name]));
  if (wrong !== undefined) {
    throw badSchedule(
      'was changed',
      `its field '${wrong[0]}' is missing or wrong`,
      'take the file from the report again',
    );
  }
  const { checksum, ...rest } = value;
  const schedule = rest as unknown as Schedule;
  if (checksum !== scheduleChecksum(schedule)) {
    throw badSchedule('was changed', 'its checksum does not fit', 'take the file from the report again');
  }
  return schedule;
}

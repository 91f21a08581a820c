// SPDX-License-Identifier: GPL-2.0-only
/** What is written of a schedule is read again, and what is not whole is known to be not. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { INTERRUPT_DECISION } from '../../../src/det/state.ts';
import { APPLICABLE, REVERTIBLE, SLUGS } from '../../../src/reverts/registry.ts';
import { ROLES } from '../../../workers/protocol.ts';
import { UsageError } from '../../cli/usage_error.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { parseScheduleJson, scheduleJson } from './json.ts';
import { readSchedule } from './read.ts';
import { MEMORIES, SCHEDULE_FORMAT, type Schedule } from './schedule.ts';
import { scheduleSource } from './source.ts';
import { decodeSchedule, encodeSchedule } from './string.ts';

const word = (max = 2 ** 32 - 1): fc.Arbitrary<number> => fc.oneof(fc.nat(300), fc.nat(max));

const schedules: fc.Arbitrary<Schedule> = fc.record({
  format: fc.constant(SCHEDULE_FORMAT),
  tool: fc.string({ unit: 'grapheme', maxLength: 20 }),
  source: fc.string({ maxLength: 20 }),
  scenario: fc.constantFrom(...SCENARIOS.map(({ name }) => name)),
  reverted: fc.subarray([...REVERTIBLE]),
  applied: fc.subarray([...APPLICABLE], { minLength: 1 }),
  rcu: fc.constant('preempt'),
  roles: fc.array(fc.constantFrom(...ROLES), { maxLength: 16 }),
  seed: word(),
  turns: fc.option(word()),
  memory: fc.constantFrom(...MEMORIES),
  arenaMib: word(1024),
  maxSteps: word(),
  decisions: fc.array(
    fc.record({ cpu: fc.nat(16), step: word(), to: fc.oneof(fc.nat(16), fc.constant(INTERRUPT_DECISION)) }),
    {
      maxLength: 40,
    },
  ),
  hash: fc.option(word()),
});

const usual: Schedule = {
  format: SCHEDULE_FORMAT,
  tool: 'kioctx 0.1.0',
  source: '0123456789abcdef',
  scenario: 'head_lost_in_page_migration_small',
  reverted: ['serialise_migration'],
  roles: ['kworker', 'kworker', 'submitter', 'migrator'],
  seed: 1,
  turns: null,
  memory: 'sc',
  arenaMib: 16,
  maxSteps: 50_000,
  decisions: [
    { cpu: 2, step: 812, to: 3 },
    { cpu: 3, step: 77, to: 2 },
    { cpu: 2, step: 900, to: 3 },
  ],
  hash: 0xdeadbeef,
};

const refusal = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return 'taken';
};

test('a schedule survives both forms', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      expect(decodeSchedule(encodeSchedule(schedule))).toEqual(schedule);
      expect(parseScheduleJson(scheduleJson(schedule))).toEqual(schedule);
    }),
  );
});

test('whatever is cut off is said to be, wherever', () => {
  const whole = encodeSchedule(usual);
  for (let length = 'kx1:'.length; length < whole.length; length++) {
    expect(refusal(() => decodeSchedule(whole.slice(0, length)))).toMatch(/is cut off, .*; paste it again/);
  }
  const file = scheduleJson(usual).trimEnd();
  for (let length = 1; length < file.length; length++) {
    expect(refusal(() => parseScheduleJson(file.slice(0, length)))).toMatch(/is cut off or was changed/);
  }
});

test('a changed letter is noticed', () => {
  const whole = encodeSchedule(usual);
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  fc.assert(
    fc.property(fc.integer({ min: 4, max: whole.length - 1 }), fc.nat(63), (at, n) => {
      const changed = `${whole.slice(0, at)}${letters[n]}${whole.slice(at + 1)}`;
      // The last letter has bits that stand for nothing.
      if (Buffer.from(changed.slice(4), 'base64url').equals(Buffer.from(whole.slice(4), 'base64url'))) return;
      expect(refusal(() => decodeSchedule(changed))).toMatch(/was changed|is cut off/);
    }),
  );
  expect(refusal(() => decodeSchedule(`${whole}!`))).toMatch(/was changed/);
});

test('a changed file is noticed, a file laid out otherwise is not', () => {
  const file = scheduleJson(usual);
  expect(refusal(() => parseScheduleJson(file.replace('812', '813')))).toMatch(/was changed, its checksum/);
  expect(refusal(() => parseScheduleJson(file.replace('"seed"', '"sead"')))).toMatch(/its field 'seed' is missing/);
  expect(parseScheduleJson(JSON.stringify(JSON.parse(file)))).toEqual(usual);
});

test('each refusal says what is wrong, what is allowed and what to type next', () => {
  const elsewhere = 'check out the commit that wrote it and type the same there';
  const other = `--replay: the schedule is of format 2, this version reads format 1; ${elsewhere}`;
  expect(refusal(() => readSchedule('kx2:AAAA'))).toBe(other);
  expect(refusal(() => parseScheduleJson(scheduleJson({ ...usual, format: 2 })))).toBe(other);
  expect(refusal(() => readSchedule(encodeSchedule({ ...usual, reverted: ['fix_nothing'] })))).toBe(
    "--replay: the schedule is for a build with or without a fix 'fix_nothing' that there is not, " +
      `the fixes are ${SLUGS.join(', ')}; ${elsewhere}`,
  );
  expect(refusal(() => readSchedule(encodeSchedule({ ...usual, scenario: 'head_lost' })))).toBe(
    "--replay: the schedule is for a scenario 'head_lost' that there is not, " +
      `the nearest is head_lost_in_page_migration; ${elsewhere}`,
  );
  expect(refusal(() => readSchedule('no/such/file.json'))).toBe(
    "--replay: the schedule 'no/such/file.json' is no file that can be read (ENOENT), it is a word that begins with " +
      'kx1: or the path of a schedule.json; type --replay and the word that the report of the finding has',
  );
  expect(refusal(() => parseScheduleJson('{"a": 1}'))).toMatch(/ is none, .*; type --replay schedule.json$/);
  expect(refusal(() => decodeSchedule('hello'))).toMatch(/ is none, .*; type --replay and the word/);
});

test('the sources have a hash, and always the same', () => {
  expect(scheduleSource()).toMatch(/^[0-9a-f]{16}$/);
  expect(scheduleSource()).toBe(scheduleSource());
});

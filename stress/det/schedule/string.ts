// SPDX-License-Identifier: GPL-2.0-only
/**
 * A schedule as one word that can be pasted behind `--replay`: `kx1:` and base64url of length, checksum and bytes.
 *
 * The length tells a word that was cut off from one that was changed.
 */
import { createHash } from 'node:crypto';
import { UsageError } from '../../cli/usage_error.ts';
import { Malformed, scheduleBytes, scheduleOfBytes } from './bytes.ts';
import { badSchedule, otherFormat, SCHEDULE_FORMAT, type Schedule } from './schedule.ts';

const LENGTH_BYTES = 4;
const CHECKSUM_BYTES = 4;
const HEAD_BYTES = LENGTH_BYTES + CHECKSUM_BYTES;
const WORD = /^kx(\d+):([\w-]*)$/;

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest().subarray(0, CHECKSUM_BYTES);

/** Over all that a schedule says, hex. */
export const scheduleChecksum = (schedule: Schedule): string => checksum(scheduleBytes(schedule)).toString('hex');

/** Whether a text is meant as a schedule, whole or not. */
export const isScheduleString = (text: string): boolean => /^kx\d+:/.test(text);

export function encodeSchedule(schedule: Schedule): string {
  const bytes = scheduleBytes(schedule);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(bytes.length);
  return `kx${schedule.format}:${Buffer.concat([length, checksum(bytes), bytes]).toString('base64url')}`;
}

const edited = (): Error =>
  badSchedule('was changed on its way', 'its checksum does not fit', 'paste it again, the whole word');

/** @throws UsageError if it is not whole */
export function decodeSchedule(text: string): Schedule {
  const [, format, word = ''] = WORD.exec(text.trim()) ?? [];
  if (format === undefined) {
    if (isScheduleString(text)) throw edited();
    throw badSchedule(
      'is none',
      `a schedule is a word that begins with kx${SCHEDULE_FORMAT}: or a file schedule.json`,
      `type --replay and the word that the report of the finding has`,
    );
  }
  if (format !== String(SCHEDULE_FORMAT)) throw otherFormat(format);
  const all = Buffer.from(word, 'base64url');
  const length = all.length < HEAD_BYTES ? Number.POSITIVE_INFINITY : all.readUInt32BE(0);
  const bytes = all.subarray(HEAD_BYTES);
  if (bytes.length < length) {
    const there = Number.isFinite(length) ? `${bytes.length} of its ${length} bytes are there` : 'it ends in its head';
    throw badSchedule('is cut off', there, 'paste it again, the whole word');
  }
  if (bytes.length > length || !checksum(bytes).equals(all.subarray(LENGTH_BYTES, HEAD_BYTES))) throw edited();
  try {
    return scheduleOfBytes(bytes, SCHEDULE_FORMAT);
  } catch (error) {
    if (error instanceof Malformed) throw edited();
    throw error;
  }
}

/** What a report has been given, which may be from another version. @returns null if it cannot be read */
export function readScheduleString(text: string): Schedule | null {
  try {
    return decodeSchedule(text);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads a log, line by line, whatever its size. The last line may be damaged, since whoever wrote it may have been
 * killed; any other damage is an error that names the line.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, reasonOf } from '../cli/folder.ts';
import { SCHEMA_VERSION } from '../report/result.ts';
import { LOG_VERSION, type LogRecord } from './records.ts';
import { LOG_NAME } from './writer.ts';

/** A log that cannot be read; `message` is the sentence to print. */
export class LogError extends Error {
  override readonly name = 'LogError';
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/** The lines of a file and whether each ends with a newline. */
function* linesOf(fd: number): Generator<{ text: string; ended: boolean }> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer[] = [];
  for (let bytes = readSync(fd, chunk); bytes > 0; bytes = readSync(fd, chunk)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0 && to < bytes; to = chunk.indexOf(NEWLINE, from)) {
      yield { text: Buffer.concat([...rest, chunk.subarray(from, to)]).toString('utf8'), ended: true };
      rest = [];
      from = to + 1;
    }
    // A copy: the chunk is read into again.
    if (from < bytes) rest.push(Buffer.from(chunk.subarray(from, bytes)));
  }
  if (rest.length > 0) yield { text: Buffer.concat(rest).toString('utf8'), ended: false };
}

function parse(text: string): LogRecord | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 't' in value ? (value as LogRecord) : null;
  } catch {
    return null;
  }
}

function checkVersion(record: LogRecord, path: string): void {
  if (record.t !== 'run' && record.t !== 'merge') {
    throw new LogError(`'${path}' is no log of a run: its first line does not say what was run.`);
  }
  if (record.log !== LOG_VERSION) {
    throw new LogError(
      `'${path}' is a log of version ${record.log}, this tool reads version ${LOG_VERSION} ` +
        `(reports of schema ${SCHEMA_VERSION}); use the tool that wrote it.`,
    );
  }
}

function open(folder: string, path: string): number {
  try {
    if (!statSync(folder).isDirectory()) throw new LogError(`'${folder}' is a file; name the folder of a run.`);
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof LogError) throw error;
    if (codeOf(error) !== 'ENOENT') throw new LogError(`'${path}' cannot be read: ${reasonOf(error)}.`);
    throw new LogError(
      `'${folder}' is no folder of a run, there is no ${LOG_NAME} in it; name a folder such as reports/<utc>-<seed>.`,
    );
  }
}

/** @param folder - a run's @param take - what is done with each line; what it throws names the line @throws LogError */
export function readLog(folder: string, take: (record: LogRecord) => void): void {
  const path = join(folder, LOG_NAME);
  const fd = open(folder, path);
  try {
    let number = 0;
    let damaged = 0;
    for (const { text, ended } of linesOf(fd)) {
      if (damaged > 0) throw new LogError(`'${path}' is damaged in line ${damaged}; nothing was made of it.`);
      number += 1;
      const record = parse(text);
      if (record === null || !ended) {
        damaged = number;
        continue;
      }
      if (number === 1) checkVersion(record, path);
      try {
        take(record);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new LogError(`'${path}' makes no sense in line ${number}: ${why}.`);
      }
    }
    if (number - (damaged > 0 ? 1 : 0) === 0) throw new LogError(`'${path}' is empty; the run wrote nothing.`);
  } finally {
    closeSync(fd);
  }
}

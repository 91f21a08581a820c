// SPDX-License-Identifier: GPL-2.0-only
/**
 * Reads a log, line by line, whatever its size, and believes nothing: each line has its number and its kind's fields.
 * The last line may be damaged, since whoever wrote it may have been killed; any other damage is an error that names
 * the line.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, reasonOf } from '../cli/folder.ts';
import { UsageError } from '../cli/usage_error.ts';
import { SCHEMA_VERSION } from '../result/run_result.ts';
import { LOG_VERSION, type LogRecord } from './records.ts';
import { SHAPES } from './shapes.ts';
import { LOG_NAME } from './writer.ts';

/** A log that cannot be read. */
export class LogError extends UsageError {
  constructor(message: string) {
    super('log', message);
  }
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;
/** Versions whose lines have numbers. */
const NUMBERED = 2;

/** The lines of a file and whether each ends with a newline. */
function* linesOf(fd: number): Generator<{ bytes: Buffer; ended: boolean }> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest: Buffer[] = [];
  for (let bytes = readSync(fd, chunk); bytes > 0; bytes = readSync(fd, chunk)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0 && to < bytes; to = chunk.indexOf(NEWLINE, from)) {
      yield { bytes: Buffer.concat([...rest, chunk.subarray(from, to)]), ended: true };
      rest = [];
      from = to + 1;
    }
    // A copy: the chunk is read into again.
    if (from < bytes) rest.push(Buffer.from(chunk.subarray(from, bytes)));
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), ended: false };
}

/** Fails at bytes that are no UTF-8; an editor's byte order mark is no text. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** null for a line that is damaged, undefined for one that is empty */
function parse(bytes: Buffer): Readonly<Record<string, unknown>> | null | undefined {
  try {
    const text = utf8.decode(bytes);
    if (text.trim() === '') return undefined;
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 't' in value ? { ...value } : null;
  } catch {
    return null;
  }
}

/** Version 1 had objects as text, such as `page 0x40020000+0x8`, and no address. */
function fromVersion1(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { record: found } = record as { readonly record?: { readonly objects?: unknown } };
  if (record['t'] !== 'finding' || !Array.isArray(found?.objects)) return record;
  const objects = found.objects.map((text) => {
    const [, type = String(text), addr = '0', offset = '0'] =
      /^(.*) (0x[0-9a-f]+)(?:\+(0x[0-9a-f]+))?$/.exec(String(text)) ?? [];
    return { type, addr: Number(addr), offset: Number(offset) };
  });
  return { ...record, record: { ...found, objects, address: null } };
}

/** Takes the lines of one log. */
class Lines {
  private readonly path: string;
  private readonly take: (record: LogRecord) => void;
  private numbered = false;
  /** Lines so far that are not empty. */
  private count = 0;
  private runs = 0;

  constructor(path: string, take: (record: LogRecord) => void) {
    this.path = path;
    this.take = take;
  }

  /** @param at - number of the line in the file, empty ones counted */
  private wrong(at: number, what: string): LogError {
    const keep =
      at > 1 ? `; what comes before it is whole, head -n ${at - 1} ${this.path} > DIR/${LOG_NAME} keeps it` : '';
    return new LogError(`'${this.path}' is damaged in line ${at}: ${what}${keep}.`);
  }

  private begin({ t, log, line }: Readonly<Record<string, unknown>>): void {
    if (t !== 'run' && t !== 'merge') {
      // Then the first lines are missing.
      this.numbered = Number.isSafeInteger(line) && (line as number) > 1;
      if (this.numbered) return;
      throw new LogError(`'${this.path}' is no log of a run: its first line does not say what was run.`);
    }
    if (!Number.isSafeInteger(log) || (log as number) < 1 || (log as number) > LOG_VERSION) {
      throw new LogError(
        `'${this.path}' is a log of version ${JSON.stringify(log)}, this tool reads versions 1 to ${LOG_VERSION} ` +
          `(reports of schema ${SCHEMA_VERSION}); use the tool that wrote it.`,
      );
    }
    this.numbered = (log as number) >= NUMBERED;
  }

  private checkNumber(at: number, line: unknown): void {
    if (!Number.isSafeInteger(line)) throw this.wrong(at, 'it has no number');
    const before = (line as number) - 1;
    if (before < this.count - 1) throw this.wrong(at, `line ${line} comes a second time`);
    if (before === this.count) throw this.wrong(at, `line ${before} is missing before it`);
    if (before > this.count) throw this.wrong(at, `lines ${this.count} to ${before} are missing before it`);
  }

  private give(at: number, { line, ...read }: Readonly<Record<string, unknown>>): void {
    const record = this.numbered ? read : fromVersion1(read);
    this.count += 1;
    if (this.numbered) this.checkNumber(at, line);
    const kind = String(record['t']);
    const check = Object.hasOwn(SHAPES, kind) ? SHAPES[kind as LogRecord['t']] : null;
    if (check === null) throw this.wrong(at, `'${kind}' is no kind of line that is known`);
    if (kind === 'run') this.runs += 1;
    const fault = check(record);
    if (fault !== null) throw this.wrong(at, `its ${fault.at.replace(/^\./, '')} ${fault.why}`);
    try {
      this.take(record as unknown as LogRecord);
    } catch (error) {
      throw this.wrong(at, error instanceof Error ? error.message : String(error));
    }
  }

  read(fd: number): void {
    let at = 0;
    let damaged = 0;
    for (const { bytes, ended } of linesOf(fd)) {
      at += 1;
      const record = parse(bytes);
      if (record === undefined) continue;
      if (damaged > 0) throw this.wrong(damaged, 'it is cut off, or has bytes that are no text');
      if (record === null || !ended) {
        damaged = at;
        continue;
      }
      if (this.count === 0) this.begin(record);
      this.give(at, record);
    }
    if (this.count === 0) throw new LogError(`'${this.path}' has no whole line; the run wrote nothing.`);
    if (this.runs === 0) throw new LogError(`'${this.path}' is a merged log that ends before its first run.`);
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
    new Lines(path, take).read(fd);
  } catch (error) {
    // It may be a folder, or on a disk that fails.
    throw error instanceof UsageError ? error : new LogError(`'${path}' cannot be read: ${reasonOf(error)}.`);
  } finally {
    closeSync(fd);
  }
}

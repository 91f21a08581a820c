// SPDX-License-Identifier: GPL-2.0-only
/** Folders that reports go to: making and trying them, and saying why one cannot be used. */
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Whether reading or writing: the file system answers both alike. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of that path is a file',
  ELOOP: 'its links lead in a circle',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would be larger than this process may write (ulimit -f)',
  EMFILE: 'this process has too many files open (ulimit -n)',
  EIO: 'the disk does not work',
  ENAMETOOLONG: 'the name is too long',
};

/** Something that cannot be written; `message` is a sentence. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
}

/** What is in the way of a folder; `message` is a clause. */
class Obstacle extends Error {
  override readonly name = 'Obstacle';
}

/** Code of a file system's error, such as ENOENT. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Why a file or folder could not be read or written, a clause. */
export const reasonOf = (error: unknown): string =>
  error instanceof Obstacle ? error.message : (REASONS[codeOf(error)] ?? codeOf(error));

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Why mkdir refused. */
function obstacle(path: string, error: unknown): unknown {
  if (codeOf(error) === 'ENOENT') return new Obstacle('no folder can be made there');
  if (codeOf(error) !== 'EEXIST') return error;
  try {
    statSync(path);
    return new Obstacle(`'${path}' is a file`);
  } catch (why) {
    return codeOf(why) === 'ENOENT' ? new Obstacle(`the link '${path}' leads nowhere`) : why;
  }
}

/**
 * Makes a folder and those above it, unless they are there.
 *
 * Not by mkdir's `recursive`, which on Node 20 never returns where a folder is there but takes no folders, as /proc.
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  const above = dirname(path);
  if (!existsSync(above)) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isFolder(path)) throw obstacle(path, error);
  }
}

/** What every report has at least: less room is none. */
const LEAST_BYTES = 4096;

/** Makes a folder, and tries whether it takes files: a run of hours must not end with nowhere to write. */
export function tryFolder(folder: string): void {
  makeFolder(folder);
  const trial = join(folder, `.trial.${process.pid}`);
  try {
    writeFileSync(trial, Buffer.alloc(LEAST_BYTES));
  } finally {
    rmSync(trial, { force: true });
  }
}

const FOLDERS_MAX = 1000;

/** A moment as names of folders have it: `20261121T024700Z`. @param at - ISO 8601, UTC */
export const utcName = (at: string): string => at.replace(/\.\d+/, '').replace(/[^0-9TZ]/g, '');

/** Makes `<output>/<name>`, or the first of `-2`, `-3`, … that is not there yet. @throws WriteError */
export function newFolder(output: string, name: string): string {
  const first = join(output, name);
  try {
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
    throw new Obstacle(`there are ${FOLDERS_MAX} of them already`);
  } catch (error) {
    throw new WriteError(`The folder '${first}' cannot be made: ${reasonOf(error)}.`, { cause: error });
  }
}

/** The folder of a run, `<utc>-<seed>`. @param startedAt - ISO 8601, UTC @throws WriteError */
export const runFolder = (output: string, startedAt: string, seed: number): string =>
  newFolder(output, `${utcName(startedAt)}-${seed}`);

// SPDX-License-Identifier: GPL-2.0-only
/** Making the folders that reports go to, and saying why one cannot be made. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'a folder of that name is in the way',
  ENOTDIR: 'a part of that path is a file',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'no folder can be made there',
  ENAMETOOLONG: 'the name is too long',
};

/** Code of a file system's error, such as ENOENT. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Why a file or folder could not be written, a clause. */
export const reasonOf = (error: unknown): string => REASONS[codeOf(error)] ?? codeOf(error);

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

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
    if (!isFolder(path)) throw error;
  }
}

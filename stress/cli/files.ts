// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writing files so that nothing is lost by one that cannot be written: each is written whole or not at all, what fails
 * is taken down, and the others are still written.
 */
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, reasonOf, tryFolder } from './folder.ts';

/** Under a name beside the file's own first: whoever is killed meanwhile leaves the old file, not half a new one. */
function replaceFile(path: string, text: string): void {
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** A link is written through, and what is no file, such as /dev/null, is written to. */
function writeThere(path: string, text: string): void {
  makeFolder(dirname(path));
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isFile() === true) replaceFile(realpathSync(path), text);
  else if (there === undefined) replaceFile(path, text);
  else writeFileSync(path, text);
}

/** Why a file that is named on the command line cannot be written, a clause; null if it can. */
export function whyUnwritable(path: string): string | null {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory() === true) return 'it is a folder';
    if (there === undefined || there.isFile()) tryFolder(dirname(path));
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

export class Files {
  /** By path: why it was not written, null if it was. */
  private readonly all = new Map<string, string | null>();

  /** @param print - makes the text here, so that a printer that fails costs its own file only */
  write(path: string, print: () => string): void {
    this.attempt(path, () => {
      writeThere(path, print());
      this.all.set(path, null);
    });
  }

  /** Does something else to a file or folder that may fail. */
  attempt(path: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.all.set(path, reasonOf(error));
    }
  }

  get written(): string[] {
    return [...this.all].flatMap(([path, why]) => (why === null ? [path] : []));
  }

  /** Whether any file is missing. */
  get lost(): boolean {
    return [...this.all.values()].some((why) => why !== null);
  }

  /** @param again - the command that makes what is missing; null if there is none @returns lines to print */
  lines(again: string | null): string[] {
    const lines = [...this.all].flatMap(([path, why]) => (why === null ? [] : [`not written: ${path}: ${why}`]));
    return lines.length > 0 && again !== null ? [...lines, `when that is mended, this makes them: ${again}`] : lines;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes the log. Each line goes to the operating system at once, so that a killed process loses none; sync() waits
 * until they are on the disk, so that a killed machine does not either.
 *
 * It never throws. A log that cannot be written ends after its last whole line and says why: the run goes on, since the
 * fold has its figures.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, reasonOf } from '../cli/folder.ts';
import type { LogRecord } from './records.ts';

export const LOG_NAME = 'events.ndjson';

export class LogWriter {
  readonly path: string;
  private fd: number | null = null;
  private lines = 0;
  private bytes = 0;
  private why: string | null = null;

  /** @param folder - the run's, in which there is no log yet; made if it is not there */
  constructor(folder: string) {
    this.path = join(folder, LOG_NAME);
    this.attempt(() => {
      makeFolder(folder);
      this.fd = openSync(this.path, 'ax');
    });
  }

  /** Why a part of it is missing, a sentence; null if it is whole. */
  get cut(): string | null {
    return this.why === null ? null : `The log '${this.path}' is not whole: ${this.why}.`;
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.why ??= reasonOf(error);
    }
  }

  write(record: LogRecord): void {
    const { fd } = this;
    if (fd === null || this.why !== null) return;
    const line = Buffer.from(`${JSON.stringify({ ...record, line: this.lines + 1 })}\n`);
    this.attempt(() => {
      for (let done = 0; done < line.length; ) done += writeSync(fd, line, done);
      this.lines += 1;
      this.bytes += line.length;
    });
    if (this.why !== null) this.dropHalfLine(fd);
  }

  private dropHalfLine(fd: number): void {
    this.attempt(() => ftruncateSync(fd, this.bytes));
  }

  sync(): void {
    const { fd } = this;
    if (fd !== null) this.attempt(() => fsyncSync(fd));
  }

  /** Whether what was written is still there: anybody can take it away. */
  private check(fd: number): void {
    const there = statSync(this.path, { throwIfNoEntry: false });
    const own = fstatSync(fd);
    if (there?.ino !== own.ino || there.dev !== own.dev) this.why ??= 'it was taken away meanwhile';
    else if (own.size !== this.bytes) this.why ??= 'somebody else has changed it meanwhile';
  }

  /** Takes away what has been written. */
  discard(): void {
    if (this.bytes > 0) this.attempt(() => rmSync(this.path, { force: true }));
  }

  close(): void {
    const { fd } = this;
    if (fd === null) return;
    this.sync();
    this.attempt(() => this.check(fd));
    this.attempt(() => closeSync(fd));
    this.fd = null;
  }
}

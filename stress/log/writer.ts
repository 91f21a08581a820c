// SPDX-License-Identifier: GPL-2.0-only
/**
 * Writes the log. Each line goes to the operating system at once, so that a killed process loses none; sync() waits
 * until they are on the disk, so that a killed machine does not either.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../cli/folder.ts';
import { ReportError } from '../report/write.ts';
import type { LogRecord } from './records.ts';

export const LOG_NAME = 'events.ndjson';

export class LogWriter {
  private readonly path: string;
  private readonly fd: number;

  /** @param folder - the run's, in which there is no log yet @throws ReportError */
  constructor(folder: string) {
    this.path = join(folder, LOG_NAME);
    this.fd = this.attempt(() => openSync(this.path, 'ax'));
  }

  private attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new ReportError(`The log '${this.path}' cannot be written: ${reasonOf(error)}.`, { cause: error });
    }
  }

  write(record: LogRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    this.attempt(() => {
      for (let done = 0; done < line.length; ) done += writeSync(this.fd, line, done);
    });
  }

  sync(): void {
    this.attempt(() => fsyncSync(this.fd));
  }

  close(): void {
    this.sync();
    closeSync(this.fd);
  }
}

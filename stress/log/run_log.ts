// SPDX-License-Identifier: GPL-2.0-only
/**
 * What a run under way writes down: each line goes to the log on the disk and to the fold, of which the run's own
 * reports are made. So they are whole whatever happens to the disk; a reader of the log gets the same.
 */
import type { Run } from '../result/run_result.ts';
import { RunFold } from './fold.ts';
import { judged } from './judged.ts';
import type { EndRecord, LogRecord } from './records.ts';
import { LogWriter } from './writer.ts';

export class RunLog {
  readonly fold = new RunFold({ rounds: true, trace: true });
  private readonly writer: LogWriter;
  private over = false;

  /** @param folder - the run's, in which there is no log yet */
  constructor(folder: string) {
    this.writer = new LogWriter(folder);
  }

  /** Why a part of the log is missing, a sentence; null if it is whole. */
  get cut(): string | null {
    return this.writer.cut;
  }

  /** Who still runs when the run is over has nothing more to say. */
  write(record: LogRecord): void {
    if (this.over) return;
    this.writer.write(record);
    this.fold.add(record);
  }

  sync(): void {
    this.writer.sync();
  }

  finish(end: EndRecord): Run {
    this.write(end);
    this.over = true;
    this.writer.close();
    this.fold.closeRound();
    const run = this.fold.run();
    return { ...run, result: judged(run.result) };
  }
}

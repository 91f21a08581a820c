// SPDX-License-Identifier: GPL-2.0-only
/**
 * Standard output and standard error: what is written arrives whole, or is known not to.
 *
 * process.stdout does neither: what a pipe has no room for waits in a queue that process.exit() throws away, and a disk
 * that fills up takes a part of a text without an error. Here each text is offered until the system has taken all of
 * it, and the program ends after flushed(), see program.ts.
 */
import { writeSync } from 'node:fs';
import { codeOf, reasonOf } from './folder.ts';

/** How often a full pipe is tried again. */
const RETRY_MS = 5;
/** What is read of a stream of the process. */
type Facts = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

export class Output {
  /** Why a part of what was written is lost; null if nothing is, or nobody reads any more. */
  failure: string | null = null;
  private readonly fd: number;
  private readonly facts: Facts;
  private readonly queue: Buffer[] = [];
  private waiting: (() => void)[] = [];
  private retrying = false;
  private closed = false;
  readonly isTTY: boolean;

  /** @param facts - of the stream; reading it has Node make a pipe one that does not block */
  constructor(fd: number, facts: Facts) {
    this.fd = fd;
    this.facts = facts;
    this.isTTY = facts.isTTY === true;
  }

  get columns(): number | undefined {
    return this.facts.columns;
  }

  /** Whether text may have colours. */
  get color(): boolean {
    return this.isTTY && !process.env['NO_COLOR'];
  }

  /** Columns of text. */
  get width(): number {
    return Math.min(this.columns ?? 120, 160);
  }

  write(text: string): void {
    if (this.closed || text === '') return;
    this.queue.push(Buffer.from(text));
    if (!this.retrying) this.drain();
  }

  /** Resolves when the system has taken all that was written, or takes no more. */
  flushed(): Promise<void> {
    return this.queue.length === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  private drain(): void {
    this.retrying = false;
    try {
      for (let [first] = this.queue; first !== undefined; [first] = this.queue) {
        const taken = writeSync(this.fd, first);
        if (taken < first.length) this.queue[0] = first.subarray(taken);
        else this.queue.shift();
      }
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') {
        this.retrying = true;
        setTimeout(() => this.drain(), RETRY_MS);
        return;
      }
      this.closed = true;
      this.queue.length = 0;
      // A reader that goes away, as `head` does or a terminal, is no failure.
      const gone = codeOf(error) === 'EPIPE' || (codeOf(error) === 'EIO' && this.isTTY);
      if (!gone) this.failure = reasonOf(error);
    }
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

export const stdout = new Output(1, process.stdout);
export const stderr = new Output(2, process.stderr);

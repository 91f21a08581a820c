// SPDX-License-Identifier: GPL-2.0-only
/**
 * SIGINT, SIGTERM and SIGHUP, the same in every program.
 *
 *   the first    what goes on ends in good order; a whole report of what was measured is written
 *   the second   nobody waits for it to end: the report is written as things stand
 *   the third    what still runs is killed; if nothing does, the program leaves at once
 *
 * A CI sends SIGINT and SIGTERM some seconds later: that is no reason to leave without a report. The exit code is that
 * of the first signal, or of something worse.
 */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { SIGNAL_EXIT, STOP_SIGNALS, type StopSignal } from './exit_code.ts';
import { leave } from './leave.ts';

/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm. */
const ONE_PRESS_NS = 1e9;
const PATIENCE = 3;
/** How long a reader of the result may take after one more signal. */
const READER_MS = 1000;

/** @returns what the work returns, or null if it is aborted first: work that has begun goes on by itself then */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  if (signal.aborted) return null;
  const settled = new AbortController();
  const aborted = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { signal: settled.signal });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    settled.abort();
  }
}

export class Interrupt {
  /** The first that came. */
  signal: StopSignal | null = null;
  private readonly first = new AbortController();
  private readonly second = new AbortController();
  private readonly children = new Set<(signal: NodeJS.Signals) => void>();
  private presses = 0;
  private pressedAt = Number.NEGATIVE_INFINITY;
  /** Set when all that is left to do is to wait for who reads the result. */
  private code: number | null = null;

  constructor() {
    for (const name of STOP_SIGNALS) process.on(name, () => this.press(name));
  }

  private press(name: StopSignal): void {
    const now = ktime_get();
    if (now - this.pressedAt < ONE_PRESS_NS) return;
    this.pressedAt = now;
    this.signal ??= name;
    this.presses += 1;
    const { code, children } = this;
    if (code !== null) setTimeout(() => leave(code), READER_MS).unref();
    const enough = this.presses >= PATIENCE;
    if (enough && children.size === 0) leave(code ?? SIGNAL_EXIT[this.signal]);
    for (const tell of children) tell(enough ? 'SIGKILL' : name);
    this.first.abort();
    if (this.presses > 1) this.second.abort();
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.first.signal;
  }

  /** Aborted by the second. */
  get hurry(): AbortSignal {
    return this.second.signal;
  }

  /** Passes signals on while a process of its own does the work. */
  async during<T>(tell: (signal: NodeJS.Signals) => void, work: Promise<T>): Promise<T> {
    this.children.add(tell);
    try {
      return await work;
    } finally {
      this.children.delete(tell);
    }
  }

  /** Everything is on the disk: a further signal ends the program with this code. */
  over(code: number): void {
    this.code = code;
  }
}

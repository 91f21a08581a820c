// SPDX-License-Identifier: GPL-2.0-only
/**
 * SIGINT and SIGTERM, for a process whose work is done by another one: what comes is passed on, and what is left to do
 * afterwards is done. A CI sends SIGINT, and SIGTERM some seconds later; that is no reason to leave without a report,
 * but a third signal is.
 */
import { ktime_get } from '../../src/arch/sab/clock.ts';
import { SIGNAL_EXIT, type StopSignal } from './exit_code.ts';

/** One press of Ctrl-C may come twice: from the terminal, and passed on by npm. */
const ONE_PRESS_NS = 1e9;
const PATIENCE = 3;

export class Interrupt {
  /** The first that came. */
  signal: StopSignal | null = null;
  private readonly tell = new Set<(signal: StopSignal) => void>();
  private presses = 0;
  private pressedAt = Number.NEGATIVE_INFINITY;

  constructor() {
    for (const name of Object.keys(SIGNAL_EXIT) as StopSignal[]) process.on(name, () => this.press(name));
  }

  private press(name: StopSignal): void {
    const now = ktime_get();
    if (now - this.pressedAt < ONE_PRESS_NS) return;
    this.pressedAt = now;
    this.signal ??= name;
    if (++this.presses >= PATIENCE) process.exit(SIGNAL_EXIT[this.signal]);
    for (const tell of this.tell) tell(name);
  }

  /** Has signals passed on while `work` goes on. */
  async during<T>(tell: (signal: StopSignal) => void, work: Promise<T>): Promise<T> {
    this.tell.add(tell);
    try {
      return await work;
    } finally {
      this.tell.delete(tell);
    }
  }
}

// SPDX-License-Identifier: GPL-2.0-only
/** A stretch of a round, some hundred ms long, of which the log gets one line. */
import type { SampleRecord } from '../log/records.ts';
import { ACTIVITY_LETTERS } from '../result/run_result.ts';
import type { Rings } from './sampler.ts';

export class Stretch {
  readonly fromMs: number;
  looks = 0;
  private readonly eventsBefore: number;
  private readonly gracePeriodsBefore: number;
  private gracePeriods: number;
  private withContexts = 0;
  private occupancy = 0;
  private freeSlots = 0;
  private contexts = 0;
  /** For each CPU how often each letter was seen. */
  private readonly letters: number[][];

  /** @param fromMs - since the start of the run @param events - reaped so far @param gracePeriods - so far */
  constructor(cpus: number, fromMs: number, events: number, gracePeriods: number) {
    this.fromMs = fromMs;
    this.eventsBefore = events;
    this.gracePeriodsBefore = gracePeriods;
    this.gracePeriods = gracePeriods;
    this.letters = Array.from({ length: cpus }, () => [...ACTIVITY_LETTERS].map(() => 0));
  }

  /** @param letters - what each CPU is at */
  addCpus(letters: string): void {
    this.looks += 1;
    this.letters.forEach((row, cpu) => {
      const letter = ACTIVITY_LETTERS.indexOf(letters[cpu] ?? 'i');
      row[letter] = (row[letter] as number) + 1;
    });
  }

  addRings({ contexts, occupancy, freeSlots, gracePeriods }: Rings): void {
    this.contexts = contexts;
    this.gracePeriods = gracePeriods;
    if (occupancy === null || freeSlots === null) return;
    this.withContexts += 1;
    this.occupancy += occupancy;
    this.freeSlots += freeSlots;
  }

  /** @param toMs - since the start of the run @param events - reaped so far */
  record(n: number, toMs: number, events: number): SampleRecord {
    const share = (sum: number): number | null => (this.withContexts === 0 ? null : sum / this.withContexts);
    return {
      t: 'sample',
      n,
      ms: (this.fromMs + toMs) / 2,
      spanMs: toMs - this.fromMs,
      events: events - this.eventsBefore,
      occupancy: share(this.occupancy),
      freeSlots: share(this.freeSlots),
      contexts: this.contexts,
      gracePeriods: this.gracePeriods - this.gracePeriodsBefore,
      activity: this.letters.map((row) => ACTIVITY_LETTERS[row.indexOf(Math.max(...row))] ?? 'i').join(''),
    };
  }
}

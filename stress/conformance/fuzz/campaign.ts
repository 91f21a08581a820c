// SPDX-License-Identifier: GPL-2.0-only
/** Runs drawn traces until the time is over, and makes each new difference small. */
import { wall_clock } from '../../../src/arch/sab/clock.ts';
import type { Difference } from '../judge/compare.ts';
import { type Trace, TraceError } from '../trace/trace.ts';
import { shrink } from './shrink.ts';
import type { Ran, Run } from './sides.ts';
import { signatureOf } from './signature.ts';
import { Tally } from './tally.ts';

/** A difference that no row of differences.ts foretells. */
export interface Found {
  readonly signature: string;
  /** The smallest trace that shows it, with what was expected. */
  readonly trace: Trace;
  readonly difference: Difference;
  /** Cases that showed it. */
  cases: number;
}

export interface Campaign {
  readonly tally: Tally;
  readonly found: readonly Found[];
  /** Cases that showed something once, and not again. */
  readonly unsteady: number;
  /** Cases that could not be run: there was no memory in the port's process, or no quota. */
  readonly refused: number;
  readonly ms: number;
}

/** Longest time for making one difference small. */
const SHRINK_MS = 60_000;
/** Host's other processes may take the quota for a moment: what is told is seen so often. */
const CONFIRMATIONS = 2;

const now = (): number => wall_clock() / 1e6;

/** Makes it small, and sees it again. @returns null if it does not come again */
async function confirmed(run: Run, trace: Trace, signature: string, stop: AbortSignal): Promise<Found | null> {
  const until = now() + SHRINK_MS;
  const small = await shrink(run, trace, signature, () => stop.aborted || now() > until);
  if (small === null) return null;
  let ran: Ran | null = null;
  for (let i = 0; i < CONFIRMATIONS; i++) {
    ran = await run(small);
    const [first] = ran.differences;
    if (stop.aborted || first === undefined || signatureOf(small, first) !== signature) return null;
  }
  const [difference] = ran?.differences ?? [];
  if (ran === null || difference === undefined) return null;
  const ops = small.ops.map((op, i) => ({ ...op, expect: ran.expected[i] ?? {} }));
  return { signature, trace: { ...small, ops }, difference, cases: 1 };
}

export interface Fuzzing {
  readonly run: Run;
  /** It ends when they end, or the time. */
  readonly cases: Iterable<Trace>;
  readonly ms: number;
  readonly stop: AbortSignal;
  /** Is given each new difference. */
  readonly tell: (found: Found) => void;
  /** Is given what there is, after each case. */
  readonly progress: (campaign: Campaign) => void;
}

export async function fuzz({ run, cases, ms, stop, tell, progress }: Fuzzing): Promise<Campaign> {
  const start = now();
  const tally = new Tally();
  const found = new Map<string, Found>();
  let [unsteady, refused] = [0, 0];
  const campaign = (): Campaign => ({ tally, found: [...found.values()], unsteady, refused, ms: now() - start });
  for (const trace of cases) {
    if (stop.aborted || now() - start >= ms) break;
    let ran: Ran;
    try {
      ran = await run(trace);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      refused++;
      continue;
    }
    // The kernel's process has got the signal, too.
    if (stop.aborted) break;
    tally.add(trace, ran.expected.slice(0, ran.compared), ran.rows);
    const [first] = ran.differences;
    if (first !== undefined) {
      const signature = signatureOf(trace, first);
      const known = found.get(signature);
      const news = known === undefined ? await confirmed(run, trace, signature, stop) : null;
      if (known !== undefined) known.cases++;
      else if (news === null) unsteady++;
      else {
        found.set(signature, news);
        tell(news);
      }
    }
    progress(campaign());
  }
  return campaign();
}

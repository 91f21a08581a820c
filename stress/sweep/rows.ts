// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep's tables say of each width, and its fit in sentences; the same for each printer. */
import { SERVICE_THREADS } from '../options/widths.ts';
import type { Lock } from '../result/run_result.ts';
import { count, frequency, plural } from '../text/layout.ts';
import type { Align } from '../text/table.ts';
import type { Sweep, SweepPoint } from './sweep_result.ts';

export const SWEEP_HEAD = [
  'threads',
  'rounds',
  'events/s',
  'spread',
  'speed-up',
  'efficiency',
  'most waited for',
  'wait share',
] as const;
export const SWEEP_ALIGN: readonly Align[] = SWEEP_HEAD.map(() => 'right');

/** Times the events of the narrowest width; and that for each thread, 1 if every one does as much as there. */
export function scalingOf(sweep: Sweep, point: SweepPoint): { speedUp: number; efficiency: number } | null {
  const [first] = sweep.points;
  if (first === undefined || first.eventsPerSecond === 0) return null;
  const speedUp = point.eventsPerSecond / first.eventsPerSecond;
  return { speedUp, efficiency: (speedUp * first.threads) / point.threads };
}

/** The lock class that was waited for longest, and its share of the time that threads spent in system calls. */
export function mostWaitedFor({ locks, latency }: SweepPoint): { lock: Lock; share: number } | null {
  const lock = locks.reduce<Lock | null>((a, b) => (b.waitTotal > (a?.waitTotal ?? 0) ? b : a), null);
  const inSyscalls = Object.values(latency).reduce((sum, { mean, samples }) => sum + mean * samples, 0);
  if (lock === null || inSyscalls === 0) return null;
  return { lock, share: Math.min(1, lock.waitTotal / inSyscalls) };
}

export function sweepRows(sweep: Sweep): string[][] {
  return sweep.points.map((point) => {
    const scaling = scalingOf(sweep, point);
    const waited = mostWaitedFor(point);
    return [
      count(point.threads),
      count(point.samples.length),
      count(point.eventsPerSecond),
      `± ${count(point.spread)}`,
      scaling === null ? '-' : scaling.speedUp.toFixed(2),
      scaling === null ? '-' : `${Math.round(100 * scaling.efficiency)} %`,
      waited === null ? '-' : waited.lock.class,
      waited === null ? '-' : frequency(waited.share, 1),
    ];
  });
}

/** Below it the widths differ by something that the law knows nothing of, such as other load on the machine. */
const R2_POOR = 0.9;

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** Each figure of the fit with what it means, most telling first. */
export function fitLines({ fit, points }: Sweep): [figure: string, meaning: string][] {
  if (fit === null)
    return [['no fit', `three parameters need three widths with events or more; there are ${points.length}`]];
  const { sigma, kappa, r2, peakThreads } = fit;
  const widest = Math.max(...points.map(({ threads }) => threads));
  return [
    [
      `sigma ${Number(sigma.toPrecision(3))}`,
      sigma === 0
        ? 'none of the work waits for its turn'
        : sigma > 0.995
          ? 'all of the work goes one after the other: more threads do no more of it'
          : `${percent(sigma)} of the work goes one after the other: no number of threads does more than ` +
            `${Number((1 / sigma).toPrecision(2))} times the work of one`,
    ],
    [
      `kappa ${Number(kappa.toPrecision(3))}`,
      kappa === 0
        ? 'threads cost each other nothing beyond that'
        : `each further pair of threads costs ${percent(kappa)} of one thread's work, in cache lines and wake-ups`,
    ],
    [
      `R² ${r2.toFixed(3)}`,
      points.length === 3
        ? 'three widths and three parameters: it says nothing'
        : `the law explains ${r2 > 0 ? percent(r2) : 'nothing'} of the differences between the widths` +
          `${r2 < R2_POOR ? ', so its parameters mean little' : ''}`,
    ],
    peakThreads === null
      ? ['no peak', 'throughput does not fall with more threads, as far as the law goes']
      : [
          `peak ${peakThreads.toFixed(1)} threads`,
          `more threads than that do less work${peakThreads > widest ? ', which lies beyond what was measured' : ''}`,
        ],
  ];
}

/** What the figures are of. */
export function sweepNotes({ environment, points, interrupted }: Sweep): string[] {
  const { cores } = environment;
  const beyond = points.some(({ threads }) => threads > cores);
  return [
    `threads: those that carry the load; ${SERVICE_THREADS} more serve RCU and work queues, and sleep`,
    `${plural(cores, 'core')}${beyond ? `: more than ${plural(cores, 'thread')} take turns on them` : ''}`,
    ...(interrupted ? ['the sweep was interrupted: figures are of the rounds until then'] : []),
  ];
}

// SPDX-License-Identifier: GPL-2.0-only
/** What a row of the lock table opens to: how waits and holds are distributed, and where they happened. */
import { type Bucket, bucketsOf } from '../../html/buckets.ts';
import { figure } from '../../html/figure.ts';
import { html, type Markup } from '../../html/markup.ts';
import { absent } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { ContentionPoint, Distribution, Lock } from '../../result/run_result.ts';
import { count, frequency, plural } from '../../text/layout.ts';
import { duration } from '../../text/units.ts';

const HEIGHT = 200;

type What = 'wait' | 'hold';
const NOUNS = { wait: 'waits for', hold: 'sampled holds of' } as const;

const bucketTable = (id: string, d: Distribution): Markup =>
  table<Bucket>({
    id,
    caption:
      `${count(d.samples)} samples; p50 ${duration(d.p50)}, p90 ${duration(d.p90)}, ` +
      `p99 ${duration(d.p99)}, p99.9 ${duration(d.p999)}.`,
    rows: bucketsOf(d.histogram, 1).filter((bucket) => bucket.count > 0),
    columns: [
      { head: 'from', cell: (bucket) => duration(bucket.from), heading: true },
      { head: 'to', cell: (bucket) => duration(bucket.to) },
      { head: 'times', cell: (bucket) => count(bucket.count) },
      { head: 'share', cell: (bucket) => frequency(bucket.count, d.samples) },
    ],
  });

function times(lock: Lock, index: number, what: What): Markup {
  const d = lock[what];
  if (d.samples === 0) return absent(what === 'wait' ? 'Nobody waited for it.' : 'No hold was sampled.');
  const name = `${count(d.samples)} ${NOUNS[what]} ${lock.class}`;
  return figure({
    kind: 'lock-times',
    part: `${index}.${what}`,
    title: what === 'wait' ? 'Time waited' : 'Time held',
    note: plural(d.samples, 'sample'),
    alt:
      `Histogram of ${name} on a logarithmic axis of time: half took at most ${duration(d.p50)}, ` +
      `99 % at most ${duration(d.p99)}, the longest ${duration(d.max)}.`,
    height: HEIGHT,
    data: bucketTable(`lock-${index}-${what}`, d),
  });
}

function sites(id: string, caption: string, points: readonly ContentionPoint[]): Markup | null {
  if (points.length === 0) return null;
  const all = points.reduce((sum, point) => sum + point.count, 0);
  return table<ContentionPoint>({
    id,
    caption,
    rows: points,
    columns: [
      { head: 'site', cell: (point) => html`<code>${point.site}</code>`, align: 'left', heading: true },
      { head: 'times', cell: (point) => count(point.count) },
      { head: 'share', cell: (point) => frequency(point.count, all) },
    ],
  });
}

export const lockDetails = (lock: Lock, index: number): Markup =>
  html`<div class="pair">${times(lock, index, 'wait')}${times(lock, index, 'hold')}</div>
<div class="pair">${sites(`lock-${index}-waiters`, 'Sites that waited', lock.waiters)}
${sites(`lock-${index}-holders`, 'Sites that held it meanwhile', lock.holders)}</div>`;

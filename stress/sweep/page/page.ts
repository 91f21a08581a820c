// SPDX-License-Identifier: GPL-2.0-only
/** A sweep as a page. */
import { shell } from '../../html/shell.ts';
import type { Sweep } from '../sweep_result.ts';
import { sweepBanner } from './banner.ts';
import { sweepContention } from './contention.ts';
import { sweepEnvironment } from './environment.ts';
import { sweepLaw } from './law.ts';
import { sweepThroughput } from './throughput.ts';

export function toSweepHtml(sweep: Sweep): string {
  const widths = sweep.points.map(({ threads }) => threads).join(', ');
  return shell({
    title: `kioctx sweep over ${widths} threads`,
    name: 'sweep report',
    banner: sweepBanner(sweep),
    sections: [sweepThroughput(sweep), sweepLaw(sweep), sweepContention(sweep), sweepEnvironment(sweep)],
    end: `npm run stress -- ${sweep.again}`,
    data: sweep,
  });
}

// SPDX-License-Identifier: GPL-2.0-only
/** A sweep as a page. */
import type { Sweep } from '../../sweep/result.ts';
import { sweepBanner } from './sections/sweep_banner.ts';
import { sweepContention } from './sections/sweep_contention.ts';
import { sweepEnvironment } from './sections/sweep_environment.ts';
import { sweepLaw } from './sections/sweep_law.ts';
import { sweepThroughput } from './sections/sweep_throughput.ts';
import { shell } from './shell.ts';

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

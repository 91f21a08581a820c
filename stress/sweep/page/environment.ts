// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep ran on, and where its runs are. */
import { pairs, type Section } from '../../html/section.ts';
import { plural } from '../../text/layout.ts';
import type { Sweep } from '../sweep_result.ts';

export const sweepEnvironment = ({ environment: e, points, startedAt }: Sweep): Section => ({
  id: 'environment',
  title: 'Environment',
  body: pairs([
    ['tool', `${e.tool}, commit ${e.commit}`],
    ['node', `${e.node}, V8 ${e.v8}`],
    ['machine', `${e.platform}, ${e.cpuModel}, ${plural(e.cores, 'core')}`],
    ['memory model', e.memoryModel],
    ['started', startedAt],
    ['runs', points.map(({ folder }) => folder).join(', ')],
  ]),
});

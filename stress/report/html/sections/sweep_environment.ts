// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep ran on, and where its runs are. */
import type { Sweep } from '../../../sweep/result.ts';
import { plural } from '../../text.ts';
import { pairs, type Section } from '../section.ts';

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

// SPDX-License-Identifier: GPL-2.0-only
/** A benchmark as a page. */
import { shell } from '../../html/shell.ts';
import type { Bench } from '../bench_result.ts';
import { benchCommand } from '../bench_text.ts';
import { benchBanner } from './banner.ts';
import { benchComparison } from './comparison.ts';
import { benchMethod } from './method.ts';
import { benchParts } from './parts.ts';
import { benchTargetsSection } from './targets.ts';

export function toBenchHtml(bench: Bench): string {
  return shell({
    title: `kioctx benchmark of ${bench.startedAt.slice(0, 10)}`,
    name: 'benchmark',
    banner: benchBanner(bench),
    sections: [benchTargetsSection(bench), ...benchParts(bench), ...benchComparison(bench), benchMethod(bench)],
    end: benchCommand(bench),
    data: bench,
  });
}

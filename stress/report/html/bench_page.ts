// SPDX-License-Identifier: GPL-2.0-only
/** A benchmark as a page. */
import type { Bench } from '../../bench/result.ts';
import { benchCommand } from '../../bench/text.ts';
import { benchBanner } from './sections/bench_banner.ts';
import { benchComparison } from './sections/bench_comparison.ts';
import { benchMethod } from './sections/bench_method.ts';
import { benchParts } from './sections/bench_parts.ts';
import { benchTargetsSection } from './sections/bench_targets.ts';
import { shell } from './shell.ts';

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

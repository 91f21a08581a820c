// SPDX-License-Identifier: GPL-2.0-only
/** The runs that a run was merged from. */
import type { MergedRun, Shard } from '../../result/run_result.ts';

/** `2 of 4` */
export const shardText = (shard: Shard | null): string => (shard === null ? 'whole' : `${shard.index} of ${shard.of}`);

export const MERGED_COLUMNS: readonly { readonly head: string; readonly cell: (run: MergedRun) => string }[] = [
  { head: 'run', cell: ({ folder }) => folder },
  { head: 'seed', cell: ({ seed }) => String(seed) },
  { head: 'shard', cell: ({ shard }) => shardText(shard) },
  { head: 'verdict', cell: ({ verdict }) => verdict },
  { head: 'node', cell: ({ environment }) => environment.node },
  { head: 'machine', cell: ({ environment: e }) => `${e.platform}, ${e.cpuModel}, ${e.cores} cores` },
];

// SPDX-License-Identifier: GPL-2.0-only
/** The folders of runs: what they take, and pruning them. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LOG_NAME } from '../log/writer.ts';
import type { Kept } from './soak_result.ts';

/** Bytes of all files below a folder. */
export function bytesBelow(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Bytes of a run's folder, and of its event log. */
export const sizesOf = (folder: string): { bytes: number; logBytes: number } => ({
  bytes: bytesBelow(folder),
  logBytes: statSync(join(folder, LOG_NAME), { throwIfNoEntry: false })?.size ?? 0,
});

/** Leaves so much of a run's folder. */
export function prune(folder: string, kept: Kept): void {
  if (kept === 'whole') return;
  if (kept === 'nothing') {
    rmSync(folder, { recursive: true });
    return;
  }
  for (const name of readdirSync(folder)) if (name !== LOG_NAME) rmSync(join(folder, name), { recursive: true });
}

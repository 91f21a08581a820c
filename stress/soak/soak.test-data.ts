// SPDX-License-Identifier: GPL-2.0-only
/** What tests of the soak as it is typed share. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Soak } from './soak_result.ts';

export const MAIN = join(import.meta.dirname, '../../dist/stress/commands/soak.js');
export const LOAD = ['--scenario', 'one_ring_for_all_threads', '--build', 'patched', '--arena-mib', '16'];

export function soakIn(folder: string): { at: string; soak: Soak } {
  const [name = ''] = readdirSync(folder);
  const at = join(folder, name);
  return { at, soak: JSON.parse(readFileSync(join(at, 'soak.json'), 'utf8')) as Soak };
}

/** Whether a run has begun. */
export const hasRound = (folder: string): boolean =>
  existsSync(folder) &&
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('events.ndjson'))
    .some((path) => readFileSync(join(folder, path), 'utf8').includes('"t":"round"'));

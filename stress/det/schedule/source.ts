// SPDX-License-Identifier: GPL-2.0-only
/** What a schedule was recorded on: a hash over the compiled sources that a CPU runs. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../host/root.ts';

const FOLDERS = ['dist/src', 'dist/workers'];
const DIGITS = 16;

const isRun = (path: string): boolean =>
  path.endsWith('.js') && !path.endsWith('.test.js') && !path.startsWith(join('dist/src', 'testing'));

let known: string | null = null;

/** @returns hex digits, the same for the same sources */
export function scheduleSource(): string {
  if (known !== null) return known;
  const root = fileURLToPath(ROOT);
  const hash = createHash('sha256');
  const paths = FOLDERS.flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[]).map((path) => join(folder, path)),
  );
  for (const path of paths.filter(isRun).sort()) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  known = hash.digest('hex').slice(0, DIGITS);
  return known;
}

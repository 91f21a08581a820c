// SPDX-License-Identifier: GPL-2.0-only
/** For tests of programs as they are typed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { $ } from 'zx';

/** A shell without colours, and without a summary of the step to append to. */
export const typed$ = $({
  nothrow: true,
  quiet: true,
  env: { ...process.env, NO_COLOR: '1', GITHUB_STEP_SUMMARY: '' },
});

/** A folder of this file's tests, removed after them. @returns its path */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kioctx-typed-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

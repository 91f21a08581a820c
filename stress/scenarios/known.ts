// SPDX-License-Identifier: GPL-2.0-only
/**
 * Bugs that v3.17 has and later kernels have not. The port is faithful, so they show; a report names them, and does
 * not alarm.
 */
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { mayShow } from './index.ts';

interface Known {
  /** Commit that fixed it, the version, and what it is. */
  readonly label: string;
  /** Whether a record is this bug. @param operations - of its round */
  readonly is: (record: OopsRecord, operations: Readonly<Record<string, number>>) => boolean;
}

const KNOWN: readonly Known[] = [
  {
    label: 'deeb8525f9bc (v4.1): io_setup() that fails on the quota leaves its mapping behind',
    is: ({ kind, title }, operations) =>
      kind === 'leak:mapping' &&
      title === 'rings are mapped that belong to no context' &&
      ((operations['setup failed'] ?? 0) > 0 || (operations['setup -EAGAIN'] ?? 0) > 0),
  },
  {
    label:
      '0b944d3a4bba (v4.10): a write that completes at once may drop the last reference to the file, ' +
      'which io_submit() still uses',
    is: ({ kind, where }) => kind === 'kasan:use-after-free' && where === 'file_end_write',
  },
];

/** How a record is to be taken on a build without these fixes. @param operations - of its round so far */
export function classify(
  record: OopsRecord,
  reverted: readonly string[],
  operations: Readonly<Record<string, number>>,
): { known: string | null; expected: boolean } {
  const known = knownBug(record, operations);
  return { known, expected: known === null && mayShow(reverted, record.kind) };
}

/** The label of a bug that v3.17 is known to have, null for any other. */
export const knownBug = (record: OopsRecord, operations: Readonly<Record<string, number>>): string | null =>
  KNOWN.find(({ is }) => is(record, operations))?.label ?? null;

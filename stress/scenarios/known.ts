// SPDX-License-Identifier: GPL-2.0-only
/**
 * Bugs that v3.17 has and later kernels have not. The port is faithful, so they show; a report names them, and does
 * not alarm.
 */
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { type Build, FIXES, isSlug, lacks, type Slug } from '../../src/reverts/registry.ts';
import { mayShow } from './index.ts';

/** Whether a record is the bug that a fix mends. @param operations - of its round */
type Is = (record: OopsRecord, operations: Readonly<Record<string, number>>) => boolean;

const KNOWN: readonly { readonly fix: Slug | string; readonly is: Is }[] = [
  {
    fix: 'unmap_failed_ring',
    is: ({ kind, title }, operations) =>
      kind === 'leak:mapping' &&
      title === 'rings are mapped that belong to no context' &&
      ['setup failed', 'setup -EAGAIN', 'setup -ENOMEM'].some((answer) => (operations[answer] ?? 0) > 0),
  },
  {
    fix: 'hold_file_reference',
    is: ({ kind, where, objects }) =>
      kind === 'kasan:use-after-free' && (where === 'file_end_write' || objects[0]?.type === 'ep_data'),
  },
];

/** A build on which a scenario runs. */
export interface Ran extends Build<string> {
  /** The scenario's own. */
  readonly fixedBy?: readonly string[] | undefined;
}

/**
 * How a record is to be taken: a known bug is expected where the scenario is about it.
 * @param operations - of its round so far
 */
export function classify(
  record: OopsRecord,
  ran: Ran,
  operations: Readonly<Record<string, number>>,
): { known: string | null; expected: boolean } {
  const found = bugOf(record, ran, operations);
  if (found === undefined) return { known: null, expected: mayShow(ran, record.kind) };
  return { known: labelOf(found.fix), expected: ran.fixedBy?.includes(found.fix) ?? false };
}

const bugOf = (record: OopsRecord, build: Build<string>, operations: Readonly<Record<string, number>>) =>
  KNOWN.find(({ fix, is }) => (!isSlug(fix) || lacks(build, fix)) && is(record, operations));

function labelOf(fix: string): string {
  if (!isSlug(fix)) return fix;
  const { commit, fixedIn, symptom } = FIXES[fix];
  return `${commit} (${fixedIn}): ${symptom}`;
}

/** Whether v3.17 is known to have the bug, and the build has not its fix. */
export const isKnown = (
  record: OopsRecord,
  build: Build<string>,
  operations: Readonly<Record<string, number>>,
): boolean => bugOf(record, build, operations) !== undefined;

/** Index of the record that a schedule is about: the first that is not known, or else the first; -1 for none. */
export const subjectIndex = (
  records: readonly OopsRecord[],
  build: Build<string>,
  operations: Readonly<Record<string, number>>,
): number => {
  const news = records.findIndex((record) => !isKnown(record, build, operations));
  return news < 0 && records.length > 0 ? 0 : news;
};

// SPDX-License-Identifier: GPL-2.0-only
/**
 * Bugs that v3.17 has and later kernels have not. The port is faithful, so they show; a report names them, and does
 * not alarm.
 */
import type { OopsRecord } from '../../src/kernel/oops.ts';
import { type Build, FIXES, inV317, lacks, type Slug } from '../../src/reverts/registry.ts';
import { mayShow } from './index.ts';
import { isShown, type Scenario } from './scenario.ts';

/** Whether a record is the bug that a fix mends. @param operations - of its round */
type Is = (record: OopsRecord, operations: Readonly<Record<string, number>>) => boolean;

interface Known {
  readonly fix: Slug;
  /** The machine that has it; absent for any. */
  readonly rcu?: 'preempt';
  readonly is: Is;
}

const within = ({ stack }: OopsRecord, ...names: readonly string[]): boolean =>
  stack.some((line) => names.some((name) => line.startsWith(`${name} `)));
/** System calls that look up a context and then use it. */
const CALLS = ['do_io_submit', 'io_getevents', 'io_cancel', 'io_destroy'];

const KNOWN: readonly Known[] = [
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
  {
    fix: 'free_contexts_after_readers',
    rcu: 'preempt',
    is: (record) => record.kind === 'kasan:use-after-free' && within(record, 'lookup_ioctx'),
  },
  {
    // With a reference that comes too late users are without a user twice, and the context goes under the second one.
    fix: 'refuse_dying_contexts',
    rcu: 'preempt',
    is: (record) =>
      within(record, ...CALLS) &&
      !within(record, 'lookup_ioctx') &&
      (record.kind.startsWith('kasan:use-after') || within(record, 'percpu_ref_kill')),
  },
];

/** A build on which a scenario runs. */
export interface Ran extends Build<string> {
  readonly scenario?: Pick<Scenario, 'fixedBy' | 'shows'> | undefined;
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
  const { fixedBy = [], shows = [] } = ran.scenario ?? {};
  const found = bugOf(record, ran, operations)?.fix;
  const own = fixedBy.find((slug) => !inV317(slug) && lacks(ran, slug));
  // What a bug leads to is as manifold as what a missing fix of v3.17 does.
  const fix = found ?? (own !== undefined && isShown({ shows }, record.kind) ? own : undefined);
  if (fix === undefined) return { known: null, expected: mayShow(ran, record.kind) };
  return { known: labelOf(fix), expected: fixedBy.some((slug) => slug === fix) };
}

const bugOf = (record: OopsRecord, build: Build<string>, operations: Readonly<Record<string, number>>) =>
  KNOWN.find(({ fix, rcu = build.rcu, is }) => rcu === build.rcu && lacks(build, fix) && is(record, operations));

function labelOf(fix: Slug): string {
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

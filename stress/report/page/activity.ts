// SPDX-License-Identifier: GPL-2.0-only
/** What the threads were at: a lane for each CPU, and how each role's time was shared out. */
import { figure } from '../../html/figure.ts';
import { html, type Markup } from '../../html/markup.ts';
import { absent, type Section } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import { ACTIVITIES, ACTIVITY_LETTERS, type Activity, type RunResult } from '../../result/run_result.ts';
import { percent } from '../../text/units.ts';
import { measuredOn } from '../parts/measured.ts';

const LANE_HEIGHT = 22;
const ROLE_HEIGHT = 30;
const AXES_HEIGHT = 56;

type Shares = Readonly<Record<Activity, number>>;

/** Of each CPU: the share of stretches that it mostly spent with each activity. */
function lanesOf({ timeline }: RunResult): (readonly [cpu: string, shares: Shares])[] {
  const cpus = Math.max(0, ...timeline.map((point) => point.activity.length));
  return Array.from({ length: cpus }, (_, cpu) => {
    const letters = timeline.map((point) => point.activity[cpu]).filter((letter) => letter !== undefined);
    const share = (i: number): number =>
      letters.filter((letter) => letter === ACTIVITY_LETTERS[i]).length / Math.max(1, letters.length);
    return [`cpu ${cpu}`, Object.fromEntries(ACTIVITIES.map((name, i) => [name, share(i)])) as Shares] as const;
  });
}

const sharesTable = (id: string, head: string, caption: string, rows: readonly (readonly [string, Shares])[]): Markup =>
  table({
    id,
    caption,
    rows,
    columns: [
      { head, cell: ([name]) => name, align: 'left', heading: true },
      ...ACTIVITIES.map((name) => ({ head: name, cell: ([, shares]: (typeof rows)[number]) => percent(shares[name]) })),
    ],
  });

function lanes(result: RunResult): Markup {
  const rows = lanesOf(result);
  if (rows.length === 0) return absent('No activity was recorded.');
  return figure({
    kind: 'lanes',
    title: 'Each CPU',
    note: 'what it did most of the time',
    alt: `${rows.length} lanes, one for each CPU, that show over the run what the CPU did most of the time.`,
    height: rows.length * LANE_HEIGHT + AXES_HEIGHT,
    data: sharesTable('lane-table', 'cpu', 'Share of the stretches that each CPU mostly spent so.', rows),
  });
}

function roles(result: RunResult): Markup {
  const rows = Object.entries(result.roles);
  if (rows.length === 0) return absent('No time was measured by role.');
  return figure({
    kind: 'roles',
    title: 'Each role',
    note: measuredOn(result),
    alt: `A bar for each of ${rows.length} roles that shows how its threads' time was shared out.`,
    height: rows.length * ROLE_HEIGHT + AXES_HEIGHT,
    data: sharesTable('role-table', 'role', "Share of the time of each role's threads.", rows),
    open: true,
  });
}

export const activity = (result: RunResult): Section => ({
  id: 'activity',
  title: 'Threads',
  lead: 'In user mode, in the kernel, waiting for a lock, asleep in the kernel, or idle between rounds.',
  body: html`${lanes(result)}${roles(result)}`,
});

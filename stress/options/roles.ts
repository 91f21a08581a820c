// SPDX-License-Identifier: GPL-2.0-only
/** How many threads play each role: `--roles submitter=5,completer=3,kworker=2`. */
import { ROLES, type Role } from '../../workers/protocol.ts';
import { nearest, UsageError } from '../cli/usage_error.ts';

export type RoleCounts = Readonly<Partial<Record<Role, number>>>;

/**
 * Without these no request ends: somebody completes it, and a grace period needs one worker beside the one it runs on.
 */
const NEEDED: RoleCounts = { completer: 1, kworker: 2 };

const isRole = (name: string): name is Role => (ROLES as readonly string[]).includes(name);

const sumOf = (counts: RoleCounts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** `submitter=5,completer=3` */
export const rolesText = (counts: RoleCounts): string =>
  Object.entries(counts)
    .map(([role, count]) => `${role}=${count}`)
    .join(',');

export function roles(text: string): RoleCounts {
  const counts: Partial<Record<Role, number>> = {};
  for (const part of text.split(',')) {
    const [, name = part, count = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (!isRole(name)) {
      throw new UsageError(
        'unknown-name',
        `--roles has no role '${name}', the roles are ${ROLES.join(', ')}; type for example ` +
          `--roles ${nearest(name, ROLES)[0]}=${/^[1-9]\d*$/.test(count) ? count : 1},…`,
      );
    }
    if (!/^[1-9]\d{0,5}$/.test(count)) {
      throw new UsageError(
        'bad-value',
        `--roles takes a whole number of at least 1 for ${name}, not '${count}'; type for example ${name}=1, ` +
          'or leave the role out',
      );
    }
    if (counts[name] !== undefined) {
      throw new UsageError(
        'contradiction',
        `--roles names ${name} twice, each role is allowed once; ` +
          `type one of ${name}=${counts[name]} and ${name}=${count}`,
      );
    }
    counts[name] = Number(count);
  }
  const complete = { ...counts };
  for (const role of ROLES) {
    const least = NEEDED[role] ?? 0;
    if (least > (counts[role] ?? 0)) complete[role] = least;
  }
  if (sumOf(complete) !== sumOf(counts)) {
    throw new UsageError(
      'bad-value',
      `--roles ${text} cannot finish a request, it takes at least ${rolesText(NEEDED)}; ` +
        `type --roles ${rolesText(complete)}`,
    );
  }
  return counts;
}

/** Threads that the roles take, which is what `--threads` has to say if it is given too. */
export function threadsOf(counts: RoleCounts, given: number | undefined, max: number): number {
  const sum = sumOf(counts);
  if (sum > max) {
    throw new UsageError(
      'bad-value',
      `--roles ${rolesText(counts)} are ${sum} threads, at most ${max} are allowed; type smaller numbers`,
    );
  }
  if (given !== undefined && given !== sum) {
    throw new UsageError(
      'contradiction',
      `--threads ${given} and --roles ${rolesText(counts)} contradict each other, the roles must add up to the ` +
        `threads and are ${sum}; type --threads ${sum} or leave --threads out`,
    );
  }
  return sum;
}

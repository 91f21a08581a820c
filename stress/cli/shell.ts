// SPDX-License-Identifier: GPL-2.0-only
/** Words of a command that is to be pasted. */

/** As a POSIX shell reads it back. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

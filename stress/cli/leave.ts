// SPDX-License-Identifier: GPL-2.0-only
/** Ending the process, also where the terminal has gone away. */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Of standard input, output and error, those that were a terminal when the process began. */
const TERMINALS = [0, 1, 2].filter((fd) => isatty(fd));

/** Node sets terminals back when it exits, and aborts if one of them has gone away; one that is closed it leaves. */
export function leave(code: number): never {
  for (const fd of TERMINALS) if (!isatty(fd)) closeSync(fd);
  process.exit(code);
}

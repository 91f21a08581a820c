// SPDX-License-Identifier: GPL-2.0-only
/** A stand-alone C program: its head comment, what it uses of stress/export_c/c, and what is its own. */
import { cComment, cString, usedPieces } from './c_text.ts';

export interface Program {
  /** What it is about, paragraphs. */
  readonly about: readonly string[];
  /** `trace.c`: what it uses besides base.c. */
  readonly source: string;
  /** Files that it makes in its folder. */
  readonly files: readonly string[];
  /** Macros that its source needs. */
  readonly limits: readonly string[];
  /** Declarations of its own; one of them is `static int run(void)`. */
  readonly body: readonly string[];
  /** Statements before and after the run, in the process that watches over it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const USE = [
  'Compile and run:',
  '  gcc -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -o check NAME.c && ./check [FOLDER]',
  'FOLDER, or else the working directory, must be on a disk.',
  'Prints PASS and ends with 0, FAIL and 1, or SKIP with the reason and 77.',
];

export function programText({ about, source, files, limits, body, before, after }: Program): string {
  const main = [
    'static void clean_up(void)',
    '{',
    '\tremove_folder();',
    ...after.map((line) => `\t${line}`),
    '}',
    '',
    'int main(int argc, char **argv)',
    '{',
    '\tskip_without_aio();',
    ...before.map((line) => `\t${line}`),
    `\tmake_folder(argc > 1 ? argv[1] : ".");`,
    '\treturn guarded(run);',
    '}',
  ];
  const own = [...body, '', ...main].join('\n');
  const head = [
    '// SPDX-License-Identifier: GPL-2.0-only',
    ...cComment([...about, '', ...USE]),
    `#define FILES ${files.length === 0 ? '""' : files.map(cString).join(', ')}`,
    ...limits,
  ].join('\n');
  return `${[head, ...usedPieces(['base.c', source], own), own].join('\n\n')}\n`;
}

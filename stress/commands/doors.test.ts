// SPDX-License-Identifier: GPL-2.0-only
/** What is asked instead of work is answered before what the work needs is loaded. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { $ } from 'zx';

/** Has Node write the address of each module that it loads to standard error. */
const TELLS = 'export function load(url, context, next) { process._rawDebug(url); return next(url, context); }';
const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
const HOOK = url(`import { register } from 'node:module'; register(${JSON.stringify(url(TELLS))});`);

const run$ = $({ nothrow: true, quiet: true, env: { ...process.env, NODE_COMPILE_CACHE: undefined } });

async function loaded(program: string, ...args: string[]): Promise<string[]> {
  const path = join(import.meta.dirname, `../../dist/stress/commands/${program}.js`);
  const { stderr } = await run$`node --import ${HOOK} ${path} ${args}`;
  return stderr.split('\n').filter((line) => line.startsWith('file:'));
}

const HEAVY = /dist\/(src\/(kernel|mm|fs|drivers|init|user)|stress\/(scenarios|round|native|det|run|report|html))\//;

test.each(['stress', 'report', 'soak', 'bench', 'conformance'])(
  '%s: a version loads no parser; help and a wrong option no kernel and no printer',
  async (program) => {
    const [version = [], ...others] = await Promise.all(
      ['--version', '--help', '--nonsense'].map((arg) => loaded(program, arg)),
    );
    expect(version).toContainEqual(expect.stringContaining(`/commands/${program}.js`));
    expect(version.filter((file) => HEAVY.test(file) || file.includes('/commander/'))).toEqual([]);
    for (const files of others) {
      expect(files).toContainEqual(expect.stringContaining('/commander/'));
      expect(files.filter((file) => HEAVY.test(file))).toEqual([]);
    }
  },
  30_000,
);

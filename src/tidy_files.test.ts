// SPDX-License-Identifier: GPL-2.0-only
/** The house rules of the tree: what stands in the root, and which files git tracks at all. */
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applies, needs, noProgram } from './testing/needs.ts';

const ROOT = join(import.meta.dirname, '..');

/** Folders of the product, folders of tools, papers, and what tools look for in the root. */
const IN_ROOT = [
  ...['src', 'workers', 'stress', 'reports'],
  ...['.build', '.ci', '.github'],
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'DECISIONS.md', 'LICENSE'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsdoc.json', 'biome.json', 'knip.jsonc'],
  ...['vitest.config.ts', '.editorconfig', '.gitignore'],
];
/** A file that is larger was generated, and is an artefact of a run. */
const MAX_BYTES = 300_000;

needs(noProgram('git', 'apt-get install git'));
applies(existsSync(join(ROOT, '.git')) ? null : 'these sources are no checkout');

const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').slice(0, -1);

test('the root has what it is known for, and nothing else', () => {
  const names = new Set(trackedFiles().map((path) => path.split('/')[0] ?? ''));
  expect([...names].sort()).toEqual([...IN_ROOT].sort());
});

test('no tracked file is empty, or generated and large', () => {
  const sizes = trackedFiles()
    .filter((path) => existsSync(join(ROOT, path)))
    .map((path) => ({ path, bytes: statSync(join(ROOT, path)).size }));
  expect(sizes.filter(({ bytes }) => bytes === 0 || bytes > MAX_BYTES)).toEqual([]);
});

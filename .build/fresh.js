// SPDX-License-Identifier: GPL-2.0-only
/**
 * Whether dist/ is made of these sources.
 *
 * The build leaves a hash of what it read. Times of files say less: a checkout, a copy or an archive changes them, and
 * a source that was deleted has none.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = dirname(import.meta.dirname);
export const DIST = join(ROOT, 'dist');
/** In dist/, written last. */
export const STAMP = '.built';

/** Paths of the files under a folder, relative to the project. @returns {string[]} */
const under = (folder) =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? under(path) : [path];
  });

const isCompiled = (path) => path.endsWith('.ts') && !path.endsWith('.test.ts');

/** Hash of all that dist/ is made of. */
export function sourcesHash() {
  const paths = [
    ...['tsconfig.json', 'package.json', 'package-lock.json'],
    ...under('.build').filter((path) => !path.endsWith('.test.js')),
    ...['src', 'workers', 'stress'].flatMap(under).filter(isCompiled),
  ];
  const hash = createHash('sha256');
  for (const path of paths.sort()) {
    const content = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

export function isFresh() {
  try {
    return readFileSync(join(DIST, STAMP), 'utf8') === sourcesHash();
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** What is wrong where this was not set up, or the system keeps it short, a sentence; the stack of any other error. */
export function errorText({ code, message, stack }) {
  const [, name] = /^Cannot find package '([^']+)'/.exec(message) ?? [];
  if (name !== undefined) return `the package ${name} is not installed; type npm ci --include=dev`;
  if (code !== 'EMFILE' && code !== 'ENFILE') return stack;
  return 'more files must be open than ulimit -n allows; type ulimit -n 2048 and the same again';
}

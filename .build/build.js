// SPDX-License-Identifier: GPL-2.0-only
/**
 * Builds dist/: compiles, links and bundles.
 *
 * It is built in a folder beside it, which takes its place when it is whole. So a build that fails, or is killed half
 * way, leaves what was there; nothing is left in it of sources that are gone; and two builds at once need no lock: who
 * is second finds dist/ made of the same sources, and throws its own away.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIST, errorText, isFresh, ROOT, STAMP, sourcesHash } from './fresh.js';

/** A build takes seconds: what is older was left by one that was killed. */
const ABANDONED_MS = 600_000;

const REASONS = {
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
};

class BuildError extends Error {}

/** Type errors go to standard error, as tsc words them. */
async function compile(folder) {
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
  const args = ['-p', import.meta.dirname, '--noEmit', 'false', '--outDir', folder];
  const child = spawn(process.execPath, [tsc, ...args], { cwd: ROOT, stdio: 'inherit' });
  const [code] = await new Promise((resolve) => child.on('close', (...ended) => resolve(ended)));
  if (code !== 0) throw new BuildError('the compiler has found the errors above; mend them and type the same again');
}

/** What cannot be removed, another user's for example, is in nobody's way. */
function discard(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}

function discardAbandoned() {
  for (const name of readdirSync(ROOT)) {
    const path = join(ROOT, name);
    const isBuild = name.startsWith(`${basename(DIST)}.`);
    if (isBuild && Date.now() - statSync(path).mtimeMs > ABANDONED_MS) discard(path);
  }
}

/** Puts a folder in the place of dist/. Where another build does so in the same moment, one of the two stays. */
function replaceBy(folder) {
  const old = `${folder}.old`;
  try {
    renameSync(DIST, old);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  try {
    renameSync(folder, DIST);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
  discard(old);
}

async function build(folder) {
  const sources = sourcesHash();
  // Imported here: they need packages that may not be installed.
  const [{ link }, { bundle }] = await Promise.all([import('./link.js'), import('./page.js')]);
  const done = await Promise.allSettled([compile(folder), bundle(folder)]);
  for (const { reason } of done) if (reason !== undefined) throw reason;
  link(folder);
  // Who edits meanwhile gets another build the next time.
  if (sourcesHash() === sources) writeFileSync(join(folder, STAMP), sources);
  if (!isFresh()) replaceBy(folder);
}

/** Why there is no dist/, and what to do about it. */
function sentenceOf(error) {
  if (error instanceof BuildError) return error.message;
  const reason = REASONS[error.code];
  if (reason === undefined) return errorText(error);
  return `${ROOT} cannot be written, ${reason}; type npm run build as a user who may, or in a copy of it`;
}

process.stderr.write('building dist/\n');
const folder = `${DIST}.${randomBytes(4).toString('hex')}`;
try {
  mkdirSync(folder);
  discardAbandoned();
  await build(folder);
} catch (error) {
  process.stderr.write(`dist/ was not built: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
} finally {
  discard(folder);
}

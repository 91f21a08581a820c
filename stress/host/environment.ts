// SPDX-License-Identifier: GPL-2.0-only
/** Where a run ran. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../result/run_result.ts';
import { ROOT } from './root.ts';

/** Version of this tool. */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  return version;
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: fileURLToPath(ROOT), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

/** The commit of this checkout, 12 hex digits. */
export function commit(): string {
  try {
    const id = git('rev-parse', '--short=12', 'HEAD');
    const dirty = git('status', '--porcelain', '--untracked-files=no') !== '';
    return dirty ? `${id}-dirty` : id;
  } catch {
    // Not a checkout, or no git.
    return 'unknown';
  }
}

/** What the order of accesses on this machine can show. */
function memoryModel(): string {
  if (arch() === 'x64' || arch() === 'ia32') return 'native, x86-TSO: loads and stores each keep their order';
  return `native, ${arch()}: weakly ordered`;
}

export const environment = (): Environment => ({
  tool: `kioctx ${toolVersion()}`,
  node: process.version,
  v8: process.versions.v8,
  platform: `${platform()} ${release()} ${arch()}`,
  cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryModel: memoryModel(),
  commit: commit(),
});

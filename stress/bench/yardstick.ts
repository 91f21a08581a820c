// SPDX-License-Identifier: GPL-2.0-only
/** The same work in C, compiled when the benchmark starts if there is a gcc. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '../root.ts';

const run = promisify(execFile);

/** How to measure something in C: the program, and its arguments for a window of `ms`. */
export interface CRun {
  readonly program: 'aio_hot' | 'lockc';
  readonly args: (ms: number) => readonly string[];
}

export class Yardstick {
  /** Where the programs are; null if there is no compiler. */
  private readonly dir: string | null;

  constructor() {
    const dir = mkdtempSync(join(tmpdir(), 'kioctx-bench-'));
    try {
      for (const program of ['aio_hot', 'lockc']) {
        const source = fileURLToPath(new URL(`stress/bench/c/${program}.c`, ROOT));
        execFileSync('gcc', ['-O2', '-pthread', '-o', join(dir, program), source], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
      }
    } catch (error) {
      rmSync(dir, { recursive: true });
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.dir = null;
      return;
    }
    this.dir = dir;
  }

  get available(): boolean {
    return this.dir !== null;
  }

  /** @returns ns per operation, null if there is no compiler @throws if the program's own check failed */
  async measure({ program, args }: CRun, ms: number): Promise<number | null> {
    if (this.dir === null) return null;
    const { stdout } = await run(join(this.dir, program), [...args(ms)]);
    const said = JSON.parse(stdout) as { readonly ns: number; readonly ok: boolean };
    if (!said.ok) throw new Error(`${program} lost count: ${stdout}`);
    return said.ns;
  }

  dispose(): void {
    if (this.dir !== null) rmSync(this.dir, { recursive: true });
  }
}

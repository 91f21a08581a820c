// SPDX-License-Identifier: GPL-2.0-only
/** The programs in C that benchmarks are compared with, compiled where there is a gcc. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '../host/root.ts';

const SOURCES = fileURLToPath(new URL('stress/bench/c/', ROOT));
const PROGRAMS = ['lockc', 'aio_hot', 'kaio'] as const;
const FLAGS = ['-O2', '-pthread'];
const run = promisify(execFile);

/** How a program is called for a window of `ms`. */
export interface CRun {
  readonly program: (typeof PROGRAMS)[number];
  readonly threads: number;
  readonly args: (ms: number) => readonly string[];
}

/** What a program says of its window. */
export interface CReading {
  /** per operation: CPU time of one thread, time of several together, as it is measured here */
  readonly ns: number;
  /** of its threads */
  readonly cpuMs: number;
  /** Shares that its threads had of a fair one, the least and the most. Locks only. */
  readonly least?: number;
  readonly most?: number;
}
/** `ns` by the clock, `cpuNs` of CPU time, per operation. */
type Said = (CReading & { readonly cpuNs: number; readonly ok: boolean }) | { readonly skip: string };

export class Yardstick {
  /** null where nothing could be compiled */
  private readonly dir: string | null;
  /** Why there is nothing to compare with, a clause; null if there is. */
  readonly absent: string | null;

  constructor() {
    const dir = mkdtempSync(join(tmpdir(), 'kioctx-bench-'));
    try {
      for (const name of PROGRAMS) {
        execFileSync('gcc', [...FLAGS, join(SOURCES, `${name}.c`), '-o', join(dir, name)], { stdio: 'pipe' });
      }
    } catch (error) {
      rmSync(dir, { recursive: true });
      this.dir = null;
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const [line = ''] = String((error as { stderr?: Buffer }).stderr ?? error).split('\n');
      this.absent = missing ? 'there is no gcc' : `gcc cannot compile the C programs: ${line}`;
      return;
    }
    this.dir = dir;
    this.absent = null;
  }

  private async call({ program, args }: CRun, ms: number): Promise<Said> {
    const { stdout } = await run(join(this.dir ?? '', program), [...args(ms)]);
    return JSON.parse(stdout) as Said;
  }

  /**
   * A window, or why there is nothing to measure just now, as when others have all of the system's contexts.
   *
   * @throws Error if the program's own check failed, or it was killed
   */
  async measure(program: CRun, ms: number): Promise<CReading | { readonly skip: string }> {
    const said = await this.call(program, ms);
    if ('skip' in said) return said;
    if (!said.ok) throw new Error(`${program.program} lost count: ${JSON.stringify(said)}`);
    return { ...said, ns: program.threads === 1 ? said.cpuNs : said.ns };
  }

  dispose(): void {
    if (this.dir !== null) rmSync(this.dir, { recursive: true });
  }
}

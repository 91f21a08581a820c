// SPDX-License-Identifier: GPL-2.0-only
/** The process in which threads use the host's kernel; run.ts starts and watches it. */
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { diskWord } from '../../../src/drivers/null_blk.ts';
import { Native, NoKernel } from '../kernel/native.ts';
import { Turns } from '../kernel/turns.ts';
import { AREA_BYTES, FILE_BYTES, type FromThreads, type ProgramReport, type ThreadsOptions } from './plan.ts';
import { runProgram } from './program.ts';

const [folder = '', text = ''] = process.argv.slice(2);
const options = JSON.parse(text) as ThreadsOptions;
const send = (message: FromThreads): void => {
  process.send?.(message);
};

/** Opens past the page cache, if the file system can. @returns -1 if it cannot */
function openDirect(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch {
    return -1;
  }
}

async function run(native: Native): Promise<void> {
  native.endWithParent();
  const arena = native.map(AREA_BYTES * (options.threads + 1), 'rw', true);
  const turns = new Turns(native);
  turns.take(false);
  native.probe(arena);
  const path = join(folder, 'file');
  writeFileSync(
    path,
    Int32Array.from({ length: FILE_BYTES / 4 }, (_, word) => diskWord(word)),
  );
  const cached = openSync(path, 'r');
  const direct = openDirect(path);
  const pool = new Piscina({
    filename: fileURLToPath(new URL('worker.js', import.meta.url)),
    minThreads: options.threads,
    maxThreads: options.threads,
    atomics: 'disabled',
  });
  const stage = { native, pool, arena, cached, direct: direct < 0 ? cached : direct };
  const reports: ProgramReport[] = [];
  for (const program of options.programs) {
    send({ kind: 'program', program });
    reports.push(await runProgram(stage, program, options, options.seconds / options.programs.length));
  }
  await pool.destroy();
  for (const fd of [cached, direct]) if (fd >= 0) closeSync(fd);
  turns.end();
  send({ kind: 'done', reports, direct: direct >= 0 });
}

try {
  await run(await Native.load());
} catch (error) {
  if (!(error instanceof NoKernel)) throw error;
  send({ kind: 'none', reason: error.message });
}
process.disconnect?.();

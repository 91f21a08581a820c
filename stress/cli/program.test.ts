// SPDX-License-Identifier: GPL-2.0-only
/** How a program ends: all that it has printed has been taken, or the exit code says that it was not. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

const CLI = join(import.meta.dirname, '../../dist/stress/cli');
/** More than any pipe has room for. */
const BYTES = 1_000_000;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the body of a program. @param shell - what is done with it, `$0` is the command */
function run(body: string, shell = '"$@"'): Promise<Ended> {
  const program = `
    const { runProgram } = await import('${CLI}/program.js');
    const { stdout, stderr } = await import('${CLI}/streams.js');
    await runProgram(async () => { ${body} });
  `;
  const command = ['-c', `set -o pipefail; ${shell}`, 'bash', process.execPath, '--input-type=module', '-e', program];
  return new Promise((resolve) => {
    execFile('bash', command, { encoding: 'utf8', maxBuffer: 10 * BYTES }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
const PRINTS = `stdout.write('x'.repeat(${BYTES})); return 0;`;

test('a reader that is slow gets all of it', async () => {
  const ended = await run(PRINTS, '"$@" | (sleep 1; wc -c)');
  expect({ ...ended, out: ended.out.trim() }).toEqual({ code: 0, out: String(BYTES), err: '' });
});

test('so does one of standard error, and in order', async () => {
  const body = `for (let i = 0; i < 20000; i++) stderr.write(i + '\\n'); return 3;`;
  const { code, out } = await run(body, '"$@" 2>&1 | (sleep 1; cat)');
  expect(code).toBe(3);
  expect(out).toBe(Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(''));
});

test('a reader that goes away is no failure, and nothing is said of it', async () => {
  const body = `for (let i = 0; i < 50; i++) { stdout.write('x'.repeat(20000) + '\\n'); await null; } return 0;`;
  expect(await run(body, '"$@" | head -c 1')).toEqual({ code: 0, out: 'x', err: '' });
  expect(await run(`stdout.write('y'); stderr.write('z'.repeat(1e6)); return 4;`, '"$@" 2>&1 | head -c 1')).toEqual({
    code: 4,
    out: 'y',
    err: '',
  });
});

describe.runIf(existsSync('/dev/full'))('a full disk', () => {
  const said = 'What was printed is cut short: standard output cannot be written, the disk is full.\n';

  test('is never a success', async () => {
    expect(await run(PRINTS, '"$@" > /dev/full')).toEqual({ code: 6, out: '', err: said });
    expect(await run(`stdout.write('x'); return 4;`, '"$@" > /dev/full')).toMatchObject({ code: 6, err: said });
  });

  test('hides nothing that was found', async () => {
    expect(await run(`stdout.write('x'); return 2;`, '"$@" > /dev/full')).toMatchObject({ code: 2, err: said });
  });

  test('under standard error alone keeps no result from being printed', async () => {
    expect(await run(`stderr.write('x'); stdout.write('y'); return 0;`, '"$@" 2> /dev/full')).toMatchObject({
      code: 0,
      out: 'y',
    });
  });
});

test('a file that takes a part of a text is a failure, too', async () => {
  const { code, err } = await run(PRINTS, 'file=$(mktemp); (ulimit -f 8; "$@" > $file); code=$?; rm $file; exit $code');
  expect(code).toBe(6);
  expect(err).toContain('it would be larger than this process may write (ulimit -f).');
});

test('what nobody foresaw is 6 with a stack, wherever it is thrown; Node’s own 1 would be a wrong option', async () => {
  const later = `setTimeout(() => { throw new Error('late'); }, 10); await new Promise(() => setTimeout(() => {}, 9999));`;
  for (const body of [
    `throw new Error('late');`,
    later,
    `Promise.reject(new Error('late')); await new Promise(() => setTimeout(() => {}, 9999));`,
  ]) {
    const { code, err } = await run(body);
    expect(code).toBe(6);
    expect(err).toMatch(/^Error: late\n {4}at /);
  }
});

test('what the user can mend is a sentence', async () => {
  const usage = `const { UsageError } = await import('${CLI}/usage_error.js'); throw new UsageError('log', 'say it');`;
  expect(await run(usage)).toEqual({ code: 1, out: '', err: 'say it\n' });
  const write = `const { WriteError } = await import('${CLI}/folder.js'); throw new WriteError('no room');`;
  expect(await run(write)).toEqual({ code: 6, out: '', err: 'no room\n' });
});

/** `script` is a terminal that can be killed. */
const hasScript = spawnSync('script', ['--version']).status === 0;

test.runIf(hasScript)('a terminal that has gone away leaves the exit code as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
  try {
    const program = `
      const { runProgram } = await import('${CLI}/program.js');
      const { Interrupt } = await import('${CLI}/interrupt.js');
      const { stdout } = await import('${CLI}/streams.js');
      const { writeFileSync } = await import('node:fs');
      await runProgram(async () => {
        const { stop } = new Interrupt();
        const gone = new Promise((resolve) => stop.addEventListener('abort', resolve));
        writeFileSync('${folder}/ready', '');
        setTimeout(() => {}, 60_000);
        await gone;
        stdout.write('nobody reads this');
        return 129;
      });
    `;
    writeFileSync(join(folder, 'program.mjs'), program);
    // The hangup goes to the first process of the terminal.
    const inside = `
      trap 'kill -HUP $child' HUP
      ${process.execPath} ${folder}/program.mjs & child=$!
      wait $child
      wait $child
      echo $? > ${folder}/code
    `;
    writeFileSync(join(folder, 'inside'), inside);
    const terminal = spawn('script', ['-qc', `bash ${folder}/inside`, '/dev/null'], { stdio: 'ignore' });
    while (!existsSync(join(folder, 'ready'))) await sleep(20);
    terminal.kill('SIGKILL');
    while (!existsSync(join(folder, 'code')) || readFileSync(join(folder, 'code'), 'utf8') === '') await sleep(20);
    expect(readFileSync(join(folder, 'code'), 'utf8')).toBe('129\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

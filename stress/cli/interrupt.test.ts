// SPDX-License-Identifier: GPL-2.0-only
/** What the first, the second and the third signal do, in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unlessAborted } from './interrupt.ts';

const BUILT = join(import.meta.dirname, '../../dist/stress/cli/interrupt.js');
/** Longer than what counts as one press. */
const APART_MS = 1150;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Says what it learns of, and each signal when that has been dealt with; ends by itself after a minute. */
const program = (more: string): string => `
  const { Interrupt } = await import('${BUILT}');
  const interrupt = new Interrupt();
  interrupt.stop.addEventListener('abort', () => console.log('stop ' + interrupt.signal));
  interrupt.hurry.addEventListener('abort', () => console.log('hurry ' + interrupt.signal));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => console.log('got ' + name));
  setTimeout(() => {}, 60_000);
  ${more}
  console.log('ready');
`;

interface Signalled {
  /** Lines, without those that say that a signal came. */
  readonly said: string[];
  /** null for a process that went on */
  readonly code: number | null;
}

/** @param signals - those of a list come at once @param ends - whether the last of them is to end the process */
async function signalled(
  more: string,
  signals: readonly (readonly NodeJS.Signals[])[],
  ends: boolean,
): Promise<Signalled> {
  const command = ['--input-type=module', '-e', program(more)];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  while (!text.includes('ready')) await sleep(20);
  let sent = 0;
  for (const [i, names] of signals.entries()) {
    if (i > 0) await sleep(APART_MS);
    for (const name of names) child.kill(name);
    sent += names.length;
    if (ends && i === signals.length - 1) break;
    while ((text.match(/^got/gm)?.length ?? 0) < sent) await sleep(20);
  }
  if (!ends) child.kill('SIGKILL');
  const [code] = await closed;
  return {
    said: text
      .trim()
      .split('\n')
      .slice(1)
      .filter((line) => !line.startsWith('got')),
    code,
  };
}

test('one press that comes twice is one', async () => {
  const { said, code } = await signalled('', [['SIGINT', 'SIGTERM', 'SIGHUP']], false);
  expect(said).toEqual([expect.stringMatching(/^stop SIG/)]);
  expect(code).toBeNull();
}, 60_000);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  '%s ends what goes on, comes again and hurries, and the third ends the process with %i',
  async (name, code) => {
    const said = [`stop ${name}`, `hurry ${name}`];
    expect(await signalled('', [[name], ['SIGTERM'], ['SIGINT']], true)).toEqual({ said, code });
  },
  60_000,
);

test('a process that does the work gets each signal, and the third kills it instead of us', async () => {
  const work = `void interrupt.during((signal) => console.log('child ' + signal), new Promise(() => {}));`;
  expect(await signalled(work, [['SIGINT'], ['SIGTERM'], ['SIGINT']], false)).toEqual({
    said: ['child SIGINT', 'stop SIGINT', 'child SIGTERM', 'hurry SIGINT', 'child SIGKILL'],
    code: null,
  });
}, 60_000);

test('when all is written, one more signal ends the process with the code of the result', async () => {
  expect(await signalled('interrupt.over(2);', [['SIGINT']], true)).toEqual({ said: ['stop SIGINT'], code: 2 });
}, 60_000);

test('what is aborted before is not begun, what is aborted meanwhile is not waited for', async () => {
  let begun = 0;
  const work = (): Promise<string> => {
    begun += 1;
    return new Promise((resolve) => setTimeout(() => resolve('done'), 20));
  };
  expect(await unlessAborted(AbortSignal.abort(), work)).toBeNull();
  expect(begun).toBe(0);
  const stop = new AbortController();
  expect(await unlessAborted(stop.signal, work)).toBe('done');
  const late = unlessAborted(stop.signal, work);
  stop.abort();
  expect(await late).toBeNull();
  const failing = unlessAborted(new AbortController().signal, () => Promise.reject(new Error('broken')));
  await expect(failing).rejects.toThrow('broken');
});

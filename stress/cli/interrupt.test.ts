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

/** Says what it learns of; ends by itself after a minute. */
const program = (more: string): string => `
  const { Interrupt } = await import('${BUILT}');
  const interrupt = new Interrupt();
  interrupt.stop.addEventListener('abort', () => console.log('stop ' + interrupt.signal));
  interrupt.hurry.addEventListener('abort', () => console.log('hurry ' + interrupt.signal));
  setTimeout(() => {}, 60_000);
  ${more}
  console.log('ready');
`;

async function signalled(
  more: string,
  signals: readonly (NodeJS.Signals | number)[],
): Promise<[string[], number | null]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(more)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  while (!said.includes('ready')) await sleep(20);
  for (const next of signals) {
    if (typeof next === 'number') await sleep(next);
    else child.kill(next);
  }
  await sleep(200);
  const running = child.exitCode === null;
  if (running) child.kill('SIGKILL');
  const [code] = await closed;
  return [said.trim().split('\n').slice(1), running ? null : code];
}

test('one press that comes twice is one', async () => {
  expect(await signalled('', ['SIGINT', 100, 'SIGINT', 100, 'SIGINT'])).toEqual([['stop SIGINT'], null]);
}, 20_000);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  '%s ends what goes on, comes again and hurries, and the third ends the process with %i',
  async (name, code) => {
    const all = [name, APART_MS, 'SIGTERM', APART_MS, 'SIGINT'] as const;
    expect(await signalled('', all.slice(0, 3))).toEqual([[`stop ${name}`, `hurry ${name}`], null]);
    expect(await signalled('', all)).toEqual([[`stop ${name}`, `hurry ${name}`], code]);
  },
  20_000,
);

test('a process that does the work gets each signal, and the third kills it instead of us', async () => {
  const work = `void interrupt.during((signal) => console.log('child ' + signal), new Promise(() => {}));`;
  const [said, code] = await signalled(work, ['SIGINT', APART_MS, 'SIGTERM', APART_MS, 'SIGINT']);
  expect(said).toEqual(['child SIGINT', 'stop SIGINT', 'child SIGTERM', 'hurry SIGINT', 'child SIGKILL']);
  expect(code).toBeNull();
}, 20_000);

test('when all is written, one more signal ends the process with the code of the result', async () => {
  expect(await signalled('interrupt.over(2);', ['SIGINT', 1300])).toEqual([['stop SIGINT'], 2]);
}, 20_000);

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

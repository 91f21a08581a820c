// SPDX-License-Identifier: GPL-2.0-only
/**
 * Threads on the host's kernel, in a process of their own: the roles of the stress test, with its books and oracles. A
 * kernel that is known to be right must pass them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HostLimit } from '../../../src/arch/sab/host_limit.ts';
import { ROOT } from '../../host/root.ts';
import type { FromThreads, ThreadsOptions, ThreadsResult, ThreadsSetup } from './plan.ts';

const CHILD = fileURLToPath(new URL('dist/stress/conformance/threads/child.js', ROOT));
const SETUP: ThreadsSetup = {
  entry: 'dist/stress/conformance/threads/host_cpu.js',
  handler: 'default',
  // No disk takes as much; the kernel itself complains of a task that has been blocked for 120 s.
  forGoodMs: 30_000,
};

/** @throws HostLimit, or an error if the process of the threads fails or dies: neither says anything of the kernel */
export async function runThreads(options: ThreadsOptions, setup: Partial<ThreadsSetup> = {}): Promise<ThreadsResult> {
  const child = fork(CHILD, [JSON.stringify(options), JSON.stringify({ ...SETUP, ...setup })], {
    execArgv: [],
  });
  try {
    return resultOf(await lastMessage(child));
  } finally {
    child.kill('SIGKILL');
  }
}

/** What the child says last, or that it has died. */
function lastMessage(child: ChildProcess): Promise<FromThreads> {
  let where = 'at the start';
  return new Promise((resolve) => {
    child.on('message', (message: FromThreads) => {
      if (message.kind === 'scenario') where = `in ${message.scenario}`;
      else resolve(message);
    });
    child.on('exit', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      resolve({ kind: 'failed', text: `the process of the threads ended by ${how}, ${where}; type the same again` });
    });
  });
}

function resultOf(message: FromThreads): ThreadsResult {
  if (message.kind === 'none' || message.kind === 'done') return message;
  if (message.kind === 'limit') throw new HostLimit(message.sentence, message.threads);
  const error = new Error(message.kind === 'failed' ? message.text : message.kind);
  // Where it was thrown says nothing: the text does.
  error.stack = error.message;
  throw error;
}

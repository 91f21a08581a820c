// SPDX-License-Identifier: GPL-2.0-only
/**
 * The process in which traces run on the host's kernel; kernel.ts starts it, watches it and may kill it.
 *
 * It writes each answer down as soon as it has it: who kills it, or finds it dead, reads there how far it had come.
 */
import { openSync, writeSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { answerOf } from './answers.ts';
import { JOURNAL, type ToChild, type ToParent } from './kernel_protocol.ts';
import { KernelSystem } from './kernel_system.ts';
import { cpuList, Native, NoKernel, possibleCpus } from './native.ts';
import { runOps } from './run.ts';
import { type Answer, type Trace, TraceError } from './trace.ts';
import { openTurns } from './turns.ts';

type Turns = ReturnType<typeof openTurns>;

const [folder = '', cpus = '0'] = process.argv.slice(2);
// Appends: the other side empties it for each trace.
const journal = openSync(join(folder, JOURNAL), 'a');

// It interrupts a call, and does nothing else.
process.on('SIGALRM', () => {});

const send = (message: ToParent): void => {
  process.send?.(message);
};

/** Why a kernel refuses to make a context. */
const REFUSALS: Readonly<Record<string, string>> = {
  '-ENOSYS': 'this kernel has no AIO (io_setup: ENOSYS)',
  '-EPERM': 'AIO is forbidden here, as containers do by seccomp (io_setup: EPERM)',
  '-EAGAIN': 'all contexts of this host are in use (io_setup: EAGAIN); see /proc/sys/fs/aio-nr and aio-max-nr',
};

/** Makes a context, to see whether that works. @throws NoKernel */
async function openKernel(native: Native, turns: Turns): Promise<KernelSystem> {
  const system = new KernelSystem(native, folder, cpuList(cpus));
  turns.take(false);
  const ret = answerOf(system.io_setup(1, system.alloc(8)));
  if (ret !== 0) throw new NoKernel(REFUSALS[ret] ?? `io_setup() failed: ${ret}`);
  await system.tidyUp();
  turns.end();
  return system;
}

async function runTrace(system: KernelSystem, trace: Trace): Promise<ToParent> {
  const answers: Answer[] = [];
  system.begin();
  let error: string | null = null;
  try {
    runOps(trace.ops, system, (answer) => {
      answers.push(answer);
      writeSync(journal, `${JSON.stringify(answer)}\n`);
    });
  } catch (thrown) {
    if (!(thrown instanceof TraceError)) throw thrown;
    error = thrown.message;
  }
  return { kind: 'ran', answers, error, clean: await system.tidyUp() };
}

try {
  const native = await Native.load();
  const turns = openTurns(native);
  const system = await openKernel(native, turns);
  send({ kind: 'ready', release: release(), possibleCpus: possibleCpus() });
  let last = Promise.resolve();
  process.on('message', ({ trace, alone }: ToChild) => {
    last = last.then(async () => {
      turns.take(alone);
      send({ kind: 'begun' });
      const ran = await runTrace(system, trace);
      turns.end();
      send(ran);
    });
  });
} catch (error) {
  if (!(error instanceof NoKernel)) throw error;
  send({ kind: 'none', reason: error.message });
  process.disconnect?.();
}

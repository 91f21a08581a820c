// SPDX-License-Identifier: GPL-2.0-only
/**
 * The process in which traces run on the host's kernel; kernel.ts starts it, watches it and may kill it.
 *
 * It writes each answer down as soon as it has it: who kills it, or finds it dead, reads there how far it had come.
 */
import { openSync, rmSync, writeSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { leave } from '../../cli/leave.ts';
import { runOps } from '../ops/run.ts';
import type { Answer } from '../trace/kinds.ts';
import { type Trace, TraceError } from '../trace/trace.ts';
import { cpuList, Native, NoKernel, possibleCpus } from './native.ts';
import { JOURNAL, type ToChild, type ToParent } from './protocol.ts';
import { KernelSystem } from './system.ts';
import { Turns } from './turns.ts';

const [folder = '', cpus = '0'] = process.argv.slice(2);
// Appends: the other side empties it for each trace.
const journal = openSync(join(folder, JOURNAL), 'a');

// These interrupt a call and do nothing else: a trace that has begun is ended, and what it changed is changed back.
for (const signal of ['SIGALRM', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

const send = (message: ToParent): void => {
  // Who started this process may be gone.
  if (process.connected) process.send?.(message);
};

function failed(thrown: unknown): ToParent {
  const host = thrown instanceof Error && 'syscall' in thrown;
  return {
    kind: 'failed',
    host,
    text: host ? thrown.message : thrown instanceof Error ? `${thrown.stack}` : `${thrown}`,
  };
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
    if (!(thrown instanceof TraceError)) return failed(thrown);
    error = thrown.message;
  }
  return { kind: 'ran', answers, error, clean: await system.tidyUp() };
}

try {
  const native = await Native.load();
  const turns = new Turns(native);
  const system = new KernelSystem(native, folder, cpuList(cpus));
  turns.take(false);
  native.probe(system.alloc(8));
  turns.end();
  await system.tidyUp();
  send({ kind: 'ready', release: release(), possibleCpus: possibleCpus() });
  let last = Promise.resolve();
  native.endWithParent();
  process.on('disconnect', () => {
    void last.finally(() => {
      rmSync(folder, { recursive: true, force: true });
      leave(0);
    });
  });
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

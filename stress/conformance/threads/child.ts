// SPDX-License-Identifier: GPL-2.0-only
/**
 * The process in which threads use the host's kernel; run.ts starts it, and ends it: a thread that sleeps in the kernel
 * for good would keep it from ending by itself. What needs RAM is loaded where a host that refuses it can be heard.
 */
import { HostLimit } from '../../../src/arch/sab/host_limit.ts';
import { withinLimits } from '../../host/limits.ts';
import { Native, NoKernel } from '../kernel/native.ts';
import type { FromThreads, ThreadsOptions, ThreadsSetup } from './plan.ts';

const [options = '', setup = ''] = process.argv.slice(2);
const send = (message: FromThreads): void => {
  process.send?.(message);
};

async function run(options: ThreadsOptions, setup: ThreadsSetup): Promise<FromThreads> {
  try {
    const native = await Native.load();
    return await withinLimits(options.threads, async () => {
      const { runOnHost } = await import('./host_run.ts');
      return runOnHost(native, options, setup, (scenario) => send({ kind: 'scenario', scenario }));
    });
  } catch (error) {
    if (error instanceof NoKernel) return { kind: 'none', reason: error.message };
    if (error instanceof HostLimit) return { kind: 'limit', sentence: error.message, threads: error.threads };
    return { kind: 'failed', text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

send(await run(JSON.parse(options) as ThreadsOptions, JSON.parse(setup) as ThreadsSetup));

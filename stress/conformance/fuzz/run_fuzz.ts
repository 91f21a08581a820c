// SPDX-License-Identifier: GPL-2.0-only
/** `npm run conformance -- --fuzz`: draws, runs, saves what differs, and says what came of it. */
import { join } from 'node:path';
import { exitWith, worstExit } from '../../cli/exit_code.ts';
import { Files } from '../../cli/files.ts';
import { newFolder, utcName } from '../../cli/folder.ts';
import { Interrupt } from '../../cli/interrupt.ts';
import { ProgressLine } from '../../cli/progress.ts';
import { stderr, stdout } from '../../cli/streams.ts';
import { VERDICTS } from '../../result/run_result.ts';
import { Kernel, type KernelFacts } from '../kernel/kernel.ts';
import { toLines } from '../trace/file.ts';
import type { Trace } from '../trace/trace.ts';
import { type Found, fuzz } from './campaign.ts';
import { casesOf } from './draw.ts';
import type { FuzzOptions } from './options.ts';
import { portAlone, portAndKernel } from './sides.ts';
import { foundText, fuzzProgress, fuzzText } from './text.ts';

/** Possible CPUs of a port that stands alone. */
const CPUS = 2;

/** Files for differences, in a folder that is made with the first of them. */
class Differences {
  private readonly options: FuzzOptions;
  private readonly facts: KernelFacts | null;
  readonly files = new Files();
  private folder: string | null = null;
  private count = 0;

  constructor(options: FuzzOptions, facts: KernelFacts | null) {
    this.options = options;
    this.facts = facts;
  }

  /** @returns the path of the file */
  save({ signature, trace }: Found): string {
    const at = utcName(new Date().toISOString());
    this.folder ??= newFolder(this.options.output, `${at}-fuzz-${this.options.seed}`);
    const slug = signature.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const path = join(this.folder, `${String(++this.count).padStart(3, '0')}-${slug.slice(0, 60)}.jsonl`);
    const env = { possible_cpus: this.facts?.possibleCpus ?? CPUS };
    const recorded = this.facts === null ? {} : { recorded_on: this.facts.release };
    const meta = { meta: 1, format: 'aio-trace/1', ...recorded, env } as const;
    this.files.write(path, () => toLines({ path, meta, traces: [trace] }));
    return path;
  }
}

function* single(cases: Iterable<Trace>): Generator<Trace> {
  for (const trace of cases) {
    yield trace;
    return;
  }
}

/** @returns the exit code */
export async function runFuzz(options: FuzzOptions): Promise<number> {
  const { target, seed, ms, only, watchdogMs } = options;
  const kernel = target === 'both' ? new Kernel({ watchdogMs }) : null;
  const facts = (await kernel?.facts()) ?? null;
  const useless = kernel !== null && typeof facts === 'string';
  if (useless) stderr.write(`the kernel cannot be used, ${facts}; the port runs alone\n`);
  const host = typeof facts === 'string' ? null : facts;
  const run = kernel === null || host === null ? portAlone(CPUS) : portAndKernel(kernel, host.possibleCpus);
  const where =
    host === null ? 'the port alone' : `the port beside ${host.release}, ${host.possibleCpus} possible CPUs`;
  const differences = new Differences(options, host);
  const progress = new ProgressLine(stderr);
  const interrupt = new Interrupt();
  stderr.write(`${where}; seed ${seed}\n`);
  const cases = casesOf(seed, only ?? 0);
  const campaign = await fuzz({
    run,
    cases: only === null ? cases : single(cases),
    ms,
    stop: interrupt.stop,
    tell: (found) => stdout.write(`${foundText(found, differences.save(found))}\n`),
    progress: (soFar) => progress.show(() => fuzzProgress(soFar, ms, seed)),
  });
  progress.finish();
  await kernel?.close();
  stdout.write(fuzzText(campaign, seed, where));
  for (const line of differences.files.lines(null)) stderr.write(`${line}\n`);
  const code = campaign.found.length > 0 ? VERDICTS.forbidden : useless ? VERDICTS.inconclusive : VERDICTS.passed;
  return exitWith(worstExit([code], interrupt.signal), differences.files.lost);
}

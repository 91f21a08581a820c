// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run conformance -- [options]`: the port and this host's kernel against recorded answers and each other. The port
 * is loaded when it is needed: help and wrong options need no RAM.
 */
import { writeFileSync } from 'node:fs';
import { withinLimits } from '../host.ts';
import { UsageError } from '../options_error.ts';
import { VERDICTS } from '../report/result.ts';
import type { FuzzOptions } from './fuzz/options.ts';
import type { Judged } from './judge/evaluate.ts';
import { Kernel, type KernelFacts } from './kernel/kernel.ts';
import { type ConformanceOptions, parseConformance } from './options.ts';
import { toText, totalsOf } from './text.ts';
import type { ThreadsOptions } from './threads/plan.ts';
import { runThreads } from './threads/run.ts';
import { threadsText, threadsVerdict } from './threads/text.ts';
import { TraceError } from './trace/trace.ts';

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const color = process.stdout.isTTY === true && !process.env['NO_COLOR'];

async function recordFile(path: string, kernel: Kernel): Promise<number> {
  const [{ record }, { readTraces, toLines }] = await Promise.all([import('./record.ts'), import('./trace/file.ts')]);
  const file = readTraces(path);
  const facts = await kernel.facts();
  if (typeof facts === 'string') {
    tell(`nothing recorded, the kernel cannot be used: ${facts}`);
    return VERDICTS.inconclusive;
  }
  const recorded = await record(file, kernel, facts, tell);
  writeFileSync(path, toLines(recorded));
  tell(`${path}: ${recorded.traces.length} traces, recorded on ${facts.release}`);
  return VERDICTS.passed;
}

const kernelLine = (target: string, facts: KernelFacts | string): string => {
  if (target === 'port') return 'kernel: not asked for';
  if (typeof facts === 'string') return `kernel: cannot be used, ${facts}`;
  return `kernel: ${facts.release}, ${facts.possibleCpus} possible CPUs`;
};

async function compareAll(options: ConformanceOptions, kernel: Kernel): Promise<number> {
  const [{ judge }, { projectTraces, readTraces }] = await Promise.all([
    import('./judge/evaluate.ts'),
    import('./trace/file.ts'),
  ]);
  const { target, traces, json } = options;
  const files = traces.length > 0 ? traces.map(readTraces) : projectTraces();
  const facts = target === 'port' ? '' : await kernel.facts();
  const judged: Judged[] = [];
  const asked = target === 'port' ? null : kernel;
  for (const { path, meta, traces: each } of files) {
    for (const trace of each) {
      const judgements = await judge(trace, meta.env.possible_cpus, target, asked, facts).catch((error: unknown) => {
        throw error instanceof TraceError ? new TraceError(`${path}: the trace ${trace.id}: ${error.message}`) : error;
      });
      judged.push({ file: path, trace, judgements });
    }
  }
  const results = judged.map(({ file, trace, judgements }) => ({ file, id: trace.id, judgements }));
  const data = { target, kernel: facts, totals: totalsOf(judged), results };
  print(json, data, toText(judged, kernelLine(target, facts), color));
  const { passed, differing, inconclusive } = totalsOf(judged);
  if (differing > 0) return VERDICTS.forbidden;
  return passed > 0 && inconclusive === 0 ? VERDICTS.passed : VERDICTS.inconclusive;
}

/** Prints one of the two, and writes the other if a file is named. */
function print(json: string | null, data: unknown, text: string): void {
  const asJson = `${JSON.stringify(data, null, 2)}\n`;
  if (json !== null && json !== '-') writeFileSync(json, asJson);
  process.stdout.write(json === '-' ? asJson : text);
}

async function useThreads(options: ThreadsOptions, json: string | null): Promise<number> {
  const result = await runThreads(options);
  print(json, { ...options, result }, threadsText(result, options));
  return threadsVerdict(result);
}

async function runFuzz(options: FuzzOptions): Promise<number> {
  const fuzz = await import('./fuzz/run_fuzz.ts');
  return fuzz.runFuzz(options);
}

async function obey(options: ConformanceOptions, kernel: Kernel): Promise<number> {
  const { record: path, threads, json } = options;
  if (threads !== null) return useThreads(threads, json);
  return path === null ? compareAll(options, kernel) : recordFile(path, kernel);
}

try {
  const options = parseConformance(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stdout.write(options);
    process.exit(VERDICTS.passed);
  }
  const { fuzz } = options;
  if (fuzz !== null) process.exit(await withinLimits(0, () => runFuzz(fuzz)));
  const kernel = new Kernel({ watchdogMs: options.watchdogMs });
  process.exitCode = await withinLimits(0, () => obey(options, kernel));
  await kernel.close();
} catch (error) {
  const usage = error instanceof UsageError || error instanceof TraceError;
  const text = error instanceof Error ? (usage ? error.message : (error.stack ?? error.message)) : String(error);
  tell(text);
  process.exit(usage ? VERDICTS.usage : VERDICTS.harness);
}

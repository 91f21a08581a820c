// SPDX-License-Identifier: GPL-2.0-only
/**
 * `npm run conformance -- [options]`: the port and this host's kernel against recorded answers and each other. The port
 * is loaded when it is needed: help and wrong options need no RAM.
 *
 * A first signal ends a comparison after the trace under way; what was compared until then is printed and written.
 */
import { setImmediate } from 'node:timers/promises';
import { exitWith, worstExit } from '../cli/exit_code.ts';
import { Files, whyUnwritable } from '../cli/files.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { runProgram, say } from '../cli/program.ts';
import { stderr, stdout } from '../cli/streams.ts';
import { UsageError } from '../cli/usage_error.ts';
import type { Judged } from '../conformance/judge/evaluate.ts';
import type { Kernel, KernelFacts } from '../conformance/kernel/kernel.ts';
import type { ConformanceOptions } from '../conformance/options.ts';
import { toText, totalsOf } from '../conformance/text.ts';
import type { ThreadsOptions } from '../conformance/threads/plan.ts';
import { runThreads } from '../conformance/threads/run.ts';
import { threadsText, threadsVerdict } from '../conformance/threads/text.ts';
import { TraceError } from '../conformance/trace/trace.ts';
import { VERDICTS } from '../result/run_result.ts';

const tell = (line: string): void => stderr.write(`${line}\n`);

/** Writes a file, and says so if that fails. @returns the exit code */
function write(path: string, text: string, code: number): number {
  const files = new Files();
  files.write(path, () => text);
  for (const line of files.lines(null)) tell(line);
  return exitWith(code, files.lost);
}

async function recordFile(path: string, kernel: Kernel): Promise<number> {
  const [{ record }, { readTraces, toLines }] = await Promise.all([
    import('../conformance/record.ts'),
    import('../conformance/trace/file.ts'),
  ]);
  const file = readTraces(path, '--record writes into a file of traces that is there');
  const facts = await kernel.facts();
  if (typeof facts === 'string') {
    tell(`nothing recorded, the kernel cannot be used: ${facts}`);
    return VERDICTS.inconclusive;
  }
  const recorded = await record(file, kernel, facts, tell);
  const code = write(path, toLines(recorded), VERDICTS.passed);
  if (code === VERDICTS.passed) tell(`${path}: ${recorded.traces.length} traces, recorded on ${facts.release}`);
  return code;
}

const kernelLine = (target: string, facts: KernelFacts | string): string => {
  if (target === 'port') return 'kernel: not asked for';
  if (typeof facts === 'string') return `kernel: cannot be used, ${facts}`;
  return `kernel: ${facts.release}, ${facts.possibleCpus} possible CPUs`;
};

async function compareAll(options: ConformanceOptions, kernel: Kernel): Promise<number> {
  const interrupt = new Interrupt();
  const [{ judge }, { projectTraces, readTraces }] = await Promise.all([
    import('../conformance/judge/evaluate.ts'),
    import('../conformance/trace/file.ts'),
  ]);
  const { target, traces, json } = options;
  const files = traces.length > 0 ? traces.map((path) => readTraces(path)) : projectTraces();
  const facts = target === 'port' ? '' : await kernel.facts();
  const judged: Judged[] = [];
  const asked = target === 'port' ? null : kernel;
  for (const { path, meta, traces: each } of files) {
    for (const trace of each) {
      // The port runs in this thread, which hears of signals in between.
      await setImmediate();
      if (interrupt.signal !== null) break;
      const judgements = await judge(trace, meta.env.possible_cpus, target, asked, facts).catch((error: unknown) => {
        throw error instanceof TraceError ? new TraceError(`${path}: the trace ${trace.id}: ${error.message}`) : error;
      });
      judged.push({ file: path, trace, judgements });
    }
  }
  const results = judged.map(({ file, trace, judgements }) => ({ file, id: trace.id, judgements }));
  const data = { target, kernel: facts, totals: totalsOf(judged), results };
  const { passed, differing, inconclusive } = totalsOf(judged);
  const compared = passed > 0 && inconclusive === 0 ? VERDICTS.passed : VERDICTS.inconclusive;
  const code = worstExit([differing > 0 ? VERDICTS.forbidden : compared], interrupt.signal);
  return print(json, data, toText(judged, kernelLine(target, facts), stdout.color, code), code);
}

/** Prints one of the two, and writes the other if a file is named. @returns the exit code */
function print(json: string | null, data: unknown, text: string, code: number): number {
  const asJson = `${JSON.stringify(data, null, 2)}\n`;
  stdout.write(json === '-' ? asJson : text);
  return json === null || json === '-' ? code : write(json, asJson, code);
}

async function useThreads(options: ThreadsOptions, json: string | null): Promise<number> {
  const result = await runThreads(options);
  return print(json, { ...options, result }, threadsText(result, options), threadsVerdict(result));
}

async function obey(options: ConformanceOptions): Promise<number> {
  const { record: path, threads, json, fuzz, strace } = options;
  if (fuzz !== null) return (await import('../conformance/fuzz/run_fuzz.ts')).runFuzz(fuzz);
  if (strace !== null) {
    const { convertStrace } = await import('../conformance/strace/convert.ts');
    const { text, report } = convertStrace(strace.from);
    for (const line of report) tell(line);
    if (strace.to !== null) return write(strace.to, text, VERDICTS.passed);
    stdout.write(text);
    return VERDICTS.passed;
  }
  if (threads !== null) return useThreads(threads, json);
  const { Kernel } = await import('../conformance/kernel/kernel.ts');
  const kernel = new Kernel({ watchdogMs: options.watchdogMs });
  try {
    return await (path === null ? compareAll(options, kernel) : recordFile(path, kernel));
  } finally {
    await kernel.close();
  }
}

/** A run must not end with nowhere to write. */
function checkPaths({ json, record, strace }: ConformanceOptions): void {
  const written = { '--json': json === '-' ? null : json, '--record': record, '--to': strace?.to ?? null };
  for (const [flag, path] of Object.entries(written)) {
    const why = path === null ? null : whyUnwritable(path);
    if (why === null) continue;
    throw new UsageError(
      'output',
      `${flag} '${path}' cannot be written, ${why}; it takes a file in a folder that can be`,
    );
  }
}

await runProgram(async (argv) => {
  const { parseConformance } = await import('../conformance/options.ts');
  const options = parseConformance(argv);
  if (typeof options === 'string') return say(options);
  checkPaths(options);
  const { withinLimits } = await import('../host/limits.ts');
  return withinLimits(0, () => obey(options));
});

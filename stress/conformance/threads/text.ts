// SPDX-License-Identifier: GPL-2.0-only
/** What became of the threads, for a terminal. */
import { VERDICTS } from '../../result/run_result.ts';
import { tableLines } from '../../text/table.ts';
import { COUNTS, type Finding, type ProgramReport, type ThreadsOptions } from './plan.ts';
import type { ThreadsResult } from './run.ts';

export function threadsVerdict(result: ThreadsResult): number {
  if (result.kind === 'none') return VERDICTS.inconclusive;
  if (result.kind === 'hang') return VERDICTS.hang;
  return result.reports.some(({ findings }) => findings.length > 0) ? VERDICTS.forbidden : VERDICTS.passed;
}

/** Findings of one kind and title are told once. */
function findingLines({ program, findings }: ProgramReport): string[] {
  const byTitle = new Map<string, Finding[]>();
  for (const finding of findings) byTitle.set(finding.title, [...(byTitle.get(finding.title) ?? []), finding]);
  return [...byTitle.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [`${program}: ${first.kind}: ${first.title}, ${1 + others.length} times`, `    ${first.text}`],
  );
}

export function threadsText(result: ThreadsResult, { threads, seconds, seed }: ThreadsOptions): string {
  if (result.kind === 'none') return `--- NOTHING COMPARED: the kernel cannot be used, ${result.reason} (exit 4)\n`;
  if (result.kind === 'hang') return `--- HANG: ${result.text} (exit 3)\n`;
  const head = ['', ...result.reports.map(({ program }) => program)];
  const rows = COUNTS.map((name) => [name, ...result.reports.map(({ counts }) => counts[name].toLocaleString('en'))]);
  const table = tableLines({ head, rows, align: head.map((_, i) => (i === 0 ? 'left' : 'right')), rule: true });
  const findings = result.reports.flatMap(findingLines);
  const inFlight = result.reports.reduce((sum, { counts }) => sum + counts['destroyed in flight'], 0);
  const direct = result.direct ? '' : ', direct I/O is not possible here';
  const shown = inFlight > 0 ? [] : ['', `no context was destroyed with requests in flight${direct}`];
  const what = `${threads} threads, ${seconds} s, seed ${seed}`;
  const verdict =
    findings.length > 0
      ? `--- DIFFERS: the kernel broke a promise, or an oracle is wrong; ${what} (exit 2)`
      : `--- PASSED: each accepted request gave one event, intact, or went with its context; ${what} (exit 0)`;
  return [...table, ...shown, ...(findings.length > 0 ? ['', ...findings] : []), '', verdict, ''].join('\n');
}

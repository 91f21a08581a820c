// SPDX-License-Identifier: GPL-2.0-only
/** What became of the threads, for a terminal. */
import type { OopsRecord } from '../../../src/kernel/oops.ts';
import { VERDICTS } from '../../result/run_result.ts';
import { tableLines } from '../../text/table.ts';
import type { ScenarioReport, ThreadsOptions, ThreadsResult } from './plan.ts';

/** Operations that have a column, and its head. */
const COLUMNS: readonly (readonly [operation: string, head: string])[] = [
  ['submitted', 'submitted'],
  ['reaped', 'reaped'],
  ['reaped by user', 'ring reads'],
  ['setup', 'setup'],
  ['destroyed', 'destroyed'],
  ['destroyed with requests in flight', 'in flight'],
  ['woken by destroy', 'woken'],
  ['cancelled', 'cancelled'],
  ['full', 'full'],
];

export function threadsVerdict(result: ThreadsResult): number {
  if (result.kind === 'none') return VERDICTS.inconclusive;
  if (result.reports.some(({ findings }) => findings.length > 0)) return VERDICTS.forbidden;
  if (result.early === null) return VERDICTS.passed;
  return result.early.hang ? VERDICTS.hang : VERDICTS.inconclusive;
}

/** Findings of one kind and title are told once. */
function findingLines({ scenario, findings }: ScenarioReport): string[] {
  const byTitle = new Map<string, OopsRecord[]>();
  for (const finding of findings) byTitle.set(finding.title, [...(byTitle.get(finding.title) ?? []), finding]);
  return [...byTitle.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          `${scenario}: ${first.kind}: ${first.title}, ${1 + others.length} times`,
          ...first.text.map((line) => `    ${line}`),
        ],
  );
}

function tableOf(reports: readonly ScenarioReport[]): string[] {
  const head = ['', 'rounds', ...COLUMNS.map(([, name]) => name)];
  const rows = reports.map(({ scenario, rounds, operations }) => [
    scenario,
    ...[rounds, ...COLUMNS.map(([operation]) => operations[operation] ?? 0)].map((n) => n.toLocaleString('en')),
  ]);
  return tableLines({ head, rows, align: head.map((_, i) => (i === 0 ? 'left' : 'right')), rule: true });
}

/** What could not be shown on this host. */
function notShown({ direct, pending }: ThreadsResult & { kind: 'done' }): string[] {
  return [
    ...(direct ? [] : ['direct I/O is not possible here: no request is in flight for long']),
    ...(pending ? [] : ['this kernel polls no pipe by io_submit(): no request was cancelled']),
  ];
}

const VERDICT_LINES: Readonly<Record<number, string>> = {
  [VERDICTS.passed]: 'PASSED: each accepted request gave one event, intact, or went with its context',
  [VERDICTS.forbidden]: 'DIFFERS: the kernel broke a promise, or an oracle is wrong',
  [VERDICTS.hang]: 'HANG',
  [VERDICTS.inconclusive]: 'INCONCLUSIVE',
};

export function threadsText(result: ThreadsResult, { threads, seconds, seed }: ThreadsOptions): string {
  if (result.kind === 'none') return `--- NOTHING COMPARED: the kernel cannot be used, ${result.reason} (exit 4)\n`;
  const { reports, early } = result;
  const code = threadsVerdict(result);
  const ended = early === null ? '' : `: ${early.reason}`;
  const verdict = `--- ${VERDICT_LINES[code]}${ended}; ${threads} threads, ${seconds} s, seed ${seed} (exit ${code})`;
  return [...tableOf(reports), '', ...notShown(result), ...reports.flatMap(findingLines), verdict, ''].join('\n');
}

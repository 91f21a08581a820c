// SPDX-License-Identifier: GPL-2.0-only
/** The results for a terminal: a table of the traces, each difference, one line of verdict. */
import { createColors } from 'picocolors';
import { isInterrupted } from '../cli/exit_code.ts';
import { tableLines } from '../text/table.ts';
import type { Judged, Judgement, Side, Told } from './judge/evaluate.ts';
import { opInWords } from './trace/op_words.ts';
import { stepsOf } from './trace/steps.ts';

/** Traces that are named behind a reason that they have in common. */
const NAMED_MAX = 5;
const SIDES: readonly Side[] = ['port', 'kernel', 'port beside kernel'];

export interface Totals {
  readonly traces: number;
  readonly passed: number;
  readonly differing: number;
  readonly skipped: number;
  readonly inconclusive: number;
}

export function totalsOf(judged: readonly Judged[]): Totals {
  const states = judged.flatMap(({ judgements }) => judgements.map(({ state }) => state));
  const count = (state: Judgement['state']): number => states.filter((other) => other === state).length;
  return {
    traces: judged.length,
    passed: count('passed'),
    differing: count('differs'),
    skipped: count('skipped'),
    inconclusive: count('inconclusive'),
  };
}

const inJson = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function differenceLines({ trace }: Judged, side: Side, told: Told): string[] {
  const op = [...stepsOf(trace.ops)].find(({ at }) => at === told.at)?.op ?? trace.ops[told.op];
  const where = op === undefined ? 'the end' : `op ${told.at ?? told.op}, ${opInWords(op)}`;
  const line = (name: string, value: unknown): string => `    ${name.padEnd(9)}${inJson(value)}`;
  if (told.field === 'oops') return [`${trace.id}: ${side}: the kernel complains at ${where}`, `    ${told.actual}`];
  return [
    `${trace.id}: ${side}: ${told.field} differs at ${where}`,
    line('expected', told.expected),
    ...(side === 'kernel' ? [] : [line('port', told.port)]),
    ...(side === 'port' && told.kernel === undefined ? [] : [line('kernel', told.kernel)]),
  ];
}

/** Columns: one for each side that anybody asked for. */
export function toText(judged: readonly Judged[], kernel: string, color: boolean, code: number): string {
  const colors = createColors(color);
  const paint = { passed: colors.green, differs: colors.red, skipped: colors.yellow, inconclusive: colors.yellow };
  const sides = SIDES.filter((side) =>
    judged.some(({ judgements }) => judgements.some((other) => other.side === side)),
  );
  const rows = judged.map(({ trace, judgements }) => [
    trace.id,
    ...sides.map((side) => {
      const found = judgements.find((other) => other.side === side);
      return found === undefined ? '' : paint[found.state](found.state);
    }),
    [...new Set(judgements.flatMap(({ rows: used }) => used))].join(', '),
  ]);
  const head = ['trace', ...sides, 'known differences'];
  const table = tableLines({ head, rows, align: head.map(() => 'left' as const), rule: true });
  const details = judged.flatMap((each) =>
    each.judgements.flatMap(({ side, differences }) =>
      differences.flatMap((told) => differenceLines(each, side, told)),
    ),
  );
  return [
    kernel,
    '',
    ...table,
    ...whys(judged),
    ...(details.length > 0 ? ['', ...details] : []),
    '',
    verdict(judged, code),
    '',
  ].join('\n');
}

/** Each reason once, with what it holds for. */
function whys(judged: readonly Judged[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { trace, judgements } of judged) {
    for (const { side, state, why } of judgements) {
      if (why === null) continue;
      const reason = `${side} ${state === 'passed' || state === 'differs' ? 'compared' : state}: ${why}`;
      byReason.set(reason, [...(byReason.get(reason) ?? []), trace.id]);
    }
  }
  const named = (ids: readonly string[]): string =>
    ids.length <= NAMED_MAX
      ? ids.join(', ')
      : `${ids.slice(0, NAMED_MAX).join(', ')} and ${ids.length - NAMED_MAX} more`;
  const told = [...byReason].map(([reason, ids]) =>
    ids.length === judged.length ? `${reason} (all traces)` : `${reason} (${named(ids)})`,
  );
  return told.length > 0 ? ['', ...told] : [];
}

/** @param code - that the program ends with, which says whether it was interrupted */
export function verdict(judged: readonly Judged[], code: number): string {
  const { traces, passed, differing, skipped, inconclusive } = totalsOf(judged);
  const rows = new Set(judged.flatMap(({ judgements }) => judgements.flatMap(({ rows: used }) => used)));
  const explained = `${rows.size} known ${rows.size === 1 ? 'difference' : 'differences'}`;
  const compared = `${traces} traces, ${passed + differing} comparisons, ${skipped} skipped, ${explained}`;
  if (differing > 0) return `--- DIFFERS: ${differing} of ${passed + differing} comparisons; ${compared} (exit 2)`;
  if (isInterrupted(code)) return `--- INTERRUPTED: ${compared} (exit ${code})`;
  if (inconclusive > 0) return `--- INCONCLUSIVE: ${inconclusive} did not come to an end; ${compared} (exit 4)`;
  return passed > 0 ? `--- PASSED: ${compared} (exit 0)` : `--- NOTHING COMPARED: ${compared} (exit 4)`;
}

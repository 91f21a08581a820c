// SPDX-License-Identifier: GPL-2.0-only
/** What the fuzzer says: how it gets on, each difference, and what it has reached in the end. */
import { clock, plural } from '../../text/layout.ts';
import { tableLines } from '../../text/table.ts';
import { opInWords } from '../trace/op_words.ts';
import type { Campaign, Found } from './campaign.ts';

const perSecond = (n: number, ms: number): string => (ms > 0 ? ((1000 * n) / ms).toFixed(1) : '0');

/** `[00:13/60:00] seed 7  412 cases  31.2 cases/s  21,400 ops  2 differences` */
export function fuzzProgress({ tally, found, ms }: Campaign, totalMs: number, seed: number): string {
  return [
    `[${clock(ms)}/${clock(totalMs)}] seed ${seed}`,
    plural(tally.cases, 'case'),
    `${perSecond(tally.cases, ms)} cases/s`,
    plural(tally.ops, 'op'),
    plural(found.length, 'difference'),
  ].join('  ');
}

const inJson = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** @param path - of the file that it was saved in */
export function foundText({ signature, trace, difference }: Found, path: string): string {
  const { op, field, expected, actual } = difference;
  return [
    `DIFFERENCE: ${signature}`,
    ...trace.ops.map((one, i) => `  ${i === op ? '>' : ' '} ${opInWords(one)}`),
    `    ${field}: expected ${inJson(expected)}, the port answers ${inJson(actual)}`,
    `    first seen by ${trace.source ?? trace.id}`,
    `    again: npm run conformance -- --traces ${path}`,
    '',
  ].join('\n');
}

/** A row for each call and answer, most frequent first. */
function coverage({ tally }: Campaign): string[] {
  const calls = [...tally.answers].sort(([a], [b]) => a.localeCompare(b));
  const answers = [...new Set(calls.flatMap(([, counts]) => [...counts.keys()]))].sort();
  const head = ['answer', ...calls.map(([call]) => call)];
  const rows = answers.map((answer) => [
    answer,
    ...calls.map(([, counts]) => (counts.get(answer) ?? 0).toLocaleString('en-US')),
  ]);
  return tableLines({ head, rows, align: head.map((_, i) => (i === 0 ? 'left' : 'right')), rule: true });
}

/** @param where - what it ran on */
export function fuzzText(campaign: Campaign, seed: number, where: string): string {
  const { tally, found, unsteady, refused, ms } = campaign;
  const known = [...tally.rows].map(([row, cases]) => `${row} (${plural(cases, 'case')})`);
  const verdict = found.length > 0 ? `DIFFERS: ${plural(found.length, 'difference')}` : 'PASSED: no difference';
  return [
    `${where}; seed ${seed}`,
    `${plural(tally.cases, 'case')} in ${(ms / 1000).toFixed(1)} s, ${perSecond(tally.cases, ms)} cases/s, ` +
      `${plural(tally.ops, 'op')}`,
    '',
    ...coverage(campaign),
    '',
    ...(known.length > 0 ? [`known differences met: ${known.join(', ')}`] : []),
    ...(unsteady > 0 ? [`${plural(unsteady, 'case')} differed once and not again, as when others have the quota`] : []),
    ...(refused > 0 ? [`${plural(refused, 'case')} could not be run, for want of memory or of quota`] : []),
    ...found.map(({ signature, cases }) => `${signature}: ${plural(cases, 'case')}`),
    `--- ${verdict} in ${plural(tally.cases, 'case')} (exit ${found.length > 0 ? 2 : 0})`,
    '',
  ].join('\n');
}

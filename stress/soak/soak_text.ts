// SPDX-License-Identifier: GPL-2.0-only
/** A soak on a terminal, and as Markdown. */
import { shellWord } from '../cli/shell.ts';
import { clock, command, count, plural, short, span, wrap } from '../text/layout.ts';
import { codeBlock, escaped, markdownTable } from '../text/markdown.ts';
import { tableLines } from '../text/table.ts';
import { isMerged, worstFirst } from './keep.ts';
import { rateText } from './rates.ts';
import type { SoakOptions } from './soak_options.ts';
import type { Soak, SoakRun } from './soak_result.ts';

/** Runs that a table shows; soak.json has them all. */
const SHOWN = 50;
const HEAD = ['run', 'seed', 'verdict', 'exit', 'time', 'rounds', 'events/s', 'kept', 'why'] as const;
const ALIGN = ['right', 'right', 'left', 'right', 'right', 'right', 'right', 'left', 'left'] as const;

const minutes = (ms: number): string => String(Number((ms / 60_000).toFixed(4)));
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** Arguments that run a soak again, as they are typed behind `npm run soak --`. */
export function againOf(options: SoakOptions): string {
  const words = ['--minutes', minutes(options.durationMs), '--run-minutes', minutes(options.runMs)];
  words.push('--threads', String(options.threads), '--seed', String(options.seed));
  words.push('--keep', String(options.keep), '--rerun', String(options.rerun));
  words.push('--disk-gib', String(options.budgetBytes / 2 ** 30));
  if (options.shard !== null) words.push('--shard', options.shard);
  if (options.output !== 'reports') words.push('--output', options.output);
  if (options.passOn.length > 0) words.push('--', ...options.passOn);
  return words.map(shellWord).join(' ');
}

/** One line when a run is over. */
export const runLine = (run: SoakRun, elapsedMs: number, totalMs: number): string =>
  [
    `[${clock(elapsedMs)}/${clock(totalMs)}] run ${run.number}`,
    `seed ${run.seed}${run.rerunOf === null ? '' : ` again (run ${run.rerunOf})`}`,
    run.verdict,
    plural(run.rounds, 'round'),
    `${short(run.eventsPerSecond)} events/s`,
    ...(run.exitCode === 0 ? [] : [run.reason]),
  ].join('  ');

const rowOf = (run: SoakRun): string[] => [
  run.rerunOf === null ? String(run.number) : `${run.number} (${run.rerunOf} again)`,
  String(run.seed),
  run.verdict,
  String(run.exitCode),
  span(run.elapsedMs),
  count(run.rounds),
  count(run.eventsPerSecond),
  run.kept === 'whole' && run.folder !== null ? `runs/${run.folder}` : run.kept,
  run.exitCode === 0 ? '' : run.reason,
];

/** What it came to, a sentence each. */
export function soakLines(soak: Soak): string[] {
  const { runs, rates, disk, leftOut } = soak;
  const again = runs.filter(({ rerunOf }) => rerunOf !== null).length;
  const verdicts = new Map<string, number>();
  for (const { verdict } of runs) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  const kept = (what: SoakRun['kept']): number => runs.filter((run) => run.kept === what).length;
  return [
    `${plural(runs.length, 'run')} in ${span(soak.elapsedMs)}, ${again} of them to repeat a failure; ` +
      `it ended because ${soak.ended}`,
    `verdicts: ${[...verdicts].map(([verdict, n]) => `${verdict} ${n}`).join(', ') || 'none'}`,
    ...rates.map((rate) => `seed ${rate.seed} (run ${rate.run}): ${rateText(rate)}`),
    `disk: ${gib(disk.bytes)} of ${gib(disk.budgetBytes)}; whole folders of ${plural(kept('whole'), 'run')}, ` +
      `event logs of ${kept('log')}, nothing of ${kept('nothing')}`,
    soak.merged === null
      ? 'there is no merged report'
      : `the merged report is of ${plural(runs.filter(isMerged).length, 'run')}` +
        `${leftOut > 0 ? `; ${plural(leftOut, 'run')} that did well had to go for the disk’s sake` : ''}`,
  ];
}

export function toSoakText(soak: Soak, width: number): string {
  const rows = worstFirst(soak.runs)
    .slice(0, SHOWN)
    .map((run) => rowOf(run).slice(0, -2));
  const lines = [
    ...command(`npm run soak -- ${soak.again}`, width),
    '',
    ...tableLines({ head: HEAD.slice(0, -2), rows, align: ALIGN.slice(0, -2), rule: true, indent: 2 }),
    '',
    ...soakLines(soak).flatMap((line) => wrap(line, width, '  ')),
  ];
  return `${lines.join('\n')}\n`;
}

export function toSoakMarkdown(soak: Soak): string {
  const { environment, runs } = soak;
  const parts = [
    '# Soak',
    codeBlock(command(`npm run soak -- ${soak.again}`, 120), 'sh'),
    soakLines(soak)
      .map((line) => `- ${escaped(line)}`)
      .join('\n'),
    '## Runs, worst first',
    markdownTable(HEAD, worstFirst(runs).slice(0, SHOWN).map(rowOf), ALIGN),
    ...(runs.length > SHOWN ? [`${runs.length - SHOWN} more are in soak.json.`] : []),
    `${escaped(environment.cpuModel)}, ${plural(environment.cores, 'core')}, node ${environment.node}, ` +
      `${environment.tool} at ${environment.commit}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

// SPDX-License-Identifier: GPL-2.0-only
/** First of all: how it went, why, what it was in figures, and the command that runs it again. */
import { badge, VERDICT_WORDS } from '../../html/badges.ts';
import { html, type Markup, type Part } from '../../html/markup.ts';
import { commandBox, pairs } from '../../html/section.ts';
import { table } from '../../html/table.ts';
import type { RunResult } from '../../result/run_result.ts';
import { count, span } from '../../text/layout.ts';
import { compact } from '../../text/units.ts';
import { againCommand } from '../parts/parameters.ts';
import { CLASSES, classOf, foundWorstFirst, HEADS } from './finding_classes.ts';

/** `2026-11-21 02:47 UTC` */
const startOf = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

/** How many, and of which kind: a good run has findings, too, where they are expected. */
function findingsOf(scenarios: RunResult['scenarios']): Part {
  const all = foundWorstFirst(scenarios);
  const kinds = CLASSES.map((name) => ({
    word: HEADS[name].word,
    n: all.filter((one) => classOf(one.finding) === name).length,
  }));
  const parts = kinds.filter(({ n }) => n > 0).map(({ word, n }) => `${count(n)} ${word}`);
  return html`${count(all.length)}${parts.length === 0 ? null : html` <small>${parts.join(', ')}</small>`}`;
}

function figures({ parameters, elapsedMs, scenarios, throughput, environment }: RunResult): [string, Part][] {
  const sum = (pick: (scenario: RunResult['scenarios'][number]) => number): number =>
    scenarios.reduce((all, scenario) => all + pick(scenario), 0);
  return [
    ['time', span(elapsedMs)],
    ['threads', html`${parameters.threads} <small>on ${environment.cores} cores</small>`],
    ['rounds', count(sum((scenario) => scenario.rounds))],
    ['findings', findingsOf(scenarios)],
    ...(throughput.events > 0
      ? [['events', html`${compact(throughput.eventsPerSecond)}<small>/s</small>`] as [string, Part]]
      : []),
    ['seed', html`<span class="number">${parameters.seed}</span>`],
  ];
}

const shardText = (shard: { index: number; of: number } | null): string =>
  shard === null ? 'whole' : `${shard.index} of ${shard.of}`;

function merged({ merged: runs }: RunResult): Markup | null {
  if (runs.length === 0) return null;
  return table({
    id: 'merged',
    caption: `Merged from ${runs.length} runs: counts are added, histograms and findings are merged.`,
    rows: runs,
    columns: [
      { head: 'run', cell: (run) => run.folder, align: 'left', heading: true },
      {
        head: 'verdict',
        cell: (run) => badge(VERDICT_WORDS[run.verdict].word, VERDICT_WORDS[run.verdict].tone),
        align: 'left',
      },
      { head: 'shard', cell: (run) => shardText(run.shard) },
      { head: 'seed', cell: (run) => String(run.seed) },
      { head: 'node', cell: (run) => run.environment.node, align: 'left' },
      { head: 'machine', cell: (run) => `${run.environment.platform}, ${run.environment.cpuModel}`, align: 'left' },
    ],
  });
}

export function verdict(result: RunResult): Markup {
  const { word, tone } = VERDICT_WORDS[result.verdict];
  const { shard } = result.parameters;
  const cutShort = result.interrupted
    ? html`<p class="note">The run was interrupted; all figures are up to there, and no threshold was judged.</p>`
    : null;
  return html`<div class="banner ${tone}">
<p class="eyebrow">Stress run of ${startOf(result.startedAt)}${shard === null ? '' : `, shard ${shardText(shard)}`}</p>
<h1>${word} <span class="exit">exit ${result.exitCode}</span></h1>
<p class="reason">${result.reason}</p>
${cutShort}
${pairs(figures(result), 'figures')}
<p class="again">Run it again:</p>
${commandBox(againCommand(result))}
</div>
${merged(result)}`;
}

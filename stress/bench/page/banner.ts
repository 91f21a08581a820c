// SPDX-License-Identifier: GPL-2.0-only
/** What a benchmark came to, in a sentence, and the command that runs it again. */
import { html, type Markup } from '../../html/markup.ts';
import { commandBox } from '../../html/section.ts';
import type { Bench } from '../bench_result.ts';
import { benchCommand } from '../bench_text.ts';
import { targetsSentence } from '../rows.ts';

export const benchBanner = (bench: Bench): Markup => html`<div class="banner ${bench.interrupted ? 'odd' : 'none'}">
<p class="eyebrow">Benchmark of ${bench.startedAt.slice(0, 10)} ${bench.startedAt.slice(11, 16)} UTC</p>
<h1>${bench.interrupted ? 'Interrupted benchmark' : 'How fast it is'}</h1>
<p class="reason">${targetsSentence(bench)}</p>
${bench.comparison && html`<p class="reason">Against the earlier run: ${bench.comparison.conclusion}.</p>`}
<p class="again">Run it again:</p>
${commandBox(benchCommand(bench))}
</div>`;

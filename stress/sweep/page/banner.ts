// SPDX-License-Identifier: GPL-2.0-only
/** What a sweep came to, in a sentence, and the command that runs it again. */
import { html, type Markup } from '../../html/markup.ts';
import { commandBox } from '../../html/section.ts';
import { plural } from '../../text/layout.ts';
import { compact } from '../../text/units.ts';
import type { Sweep } from '../sweep_result.ts';

/** Where throughput was greatest, of the widths that were run. */
function peak({ points }: Sweep): string {
  const best = [...points].sort((a, b) => b.eventsPerSecond - a.eventsPerSecond)[0];
  return best === undefined
    ? 'No width was run to its end.'
    : `Of the widths that were run, ${plural(best.threads, 'thread')} did most: ` +
        `${compact(best.eventsPerSecond)} events/s.`;
}

export const sweepBanner = (sweep: Sweep): Markup => html`<div class="banner ${sweep.interrupted ? 'odd' : 'none'}">
<p class="eyebrow">Sweep of ${sweep.startedAt.slice(0, 10)} ${sweep.startedAt.slice(11, 16)} UTC</p>
<h1>${sweep.interrupted ? 'Interrupted sweep' : 'How it scales'}</h1>
<p class="reason">${peak(sweep)}</p>
<p class="again">Run it again:</p>
${commandBox(`npm run stress -- ${sweep.again}`)}
</div>`;

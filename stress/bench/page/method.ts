// SPDX-License-Identifier: GPL-2.0-only
/** How and where it was measured, and how busy others kept the machine. */
import { html } from '../../html/markup.ts';
import type { Section } from '../../html/section.ts';
import type { Bench } from '../bench_result.ts';
import { methodSentences } from '../rows.ts';

export const benchMethod = (bench: Bench): Section => ({
  id: 'method',
  title: 'How it was measured',
  body: methodSentences(bench).map((sentence) => html`<p>${sentence}</p>`),
});

// SPDX-License-Identifier: GPL-2.0-only
/** How and where it was measured, and how busy others kept the machine. */
import type { Bench } from '../../../bench/result.ts';
import { methodSentences } from '../../../bench/rows.ts';
import { html } from '../markup.ts';
import type { Section } from '../section.ts';

export const benchMethod = (bench: Bench): Section => ({
  id: 'method',
  title: 'How it was measured',
  body: methodSentences(bench).map((sentence) => html`<p>${sentence}</p>`),
});

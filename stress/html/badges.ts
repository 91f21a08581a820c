// SPDX-License-Identifier: GPL-2.0-only
/** Words for how something went; each has a sign and a tone, so that none depends on its colour. */
import type { Label } from '../result/labels.ts';
import type { Expect, Verdict } from '../result/run_result.ts';
import { html, type Markup } from './markup.ts';

export type Tone = 'good' | 'bad' | 'odd' | 'none';

const SIGNS: Readonly<Record<Tone, string>> = { good: '✓', bad: '✕', odd: '!', none: '–' };

const LABELS: Readonly<Record<Label, Tone>> = {
  OK: 'good',
  SURFACED: 'good',
  FAILED: 'bad',
  'NOT SURFACED': 'odd',
  VACUOUS: 'odd',
  'NOT RUN': 'none',
};

export const VERDICT_WORDS: Readonly<Record<Verdict, { readonly word: string; readonly tone: Tone }>> = {
  passed: { word: 'Passed', tone: 'good' },
  usage: { word: 'Not run', tone: 'bad' },
  forbidden: { word: 'Forbidden outcome', tone: 'bad' },
  hang: { word: 'Hang', tone: 'bad' },
  inconclusive: { word: 'Inconclusive', tone: 'odd' },
  threshold: { word: 'Threshold broken', tone: 'bad' },
  harness: { word: 'Harness failed', tone: 'bad' },
  interrupted: { word: 'Interrupted', tone: 'odd' },
};

export const badge = (word: string, tone: Tone): Markup =>
  html`<span class="badge ${tone}"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span>${word}</span>`;

export const labelBadge = (label: Label): Markup => badge(label, LABELS[label]);

const EXPECTS: Readonly<Record<Expect, Tone>> = {
  ACCEPTABLE: 'good',
  INTERESTING: 'odd',
  FORBIDDEN: 'bad',
  UNKNOWN: 'bad',
};

/** How an outcome is graded; what was not seen is no news. */
export const expectBadge = (expect: Expect, word: string, seen: boolean): Markup =>
  seen ? badge(word, EXPECTS[expect]) : html`<span class="faint">${word}</span>`;

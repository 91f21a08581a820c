// SPDX-License-Identifier: GPL-2.0-only
/** The page of a benchmark as text. How it looks and what it does is html.browser.test.ts's. */
import { expect, test } from 'vitest';
import { html } from '../../html/markup.ts';
import { makeBench } from '../bench.test-data.ts';
import type { Bench } from '../bench_result.ts';
import { compareBenches } from '../compare.ts';
import { targetRows } from '../targets.ts';
import { toBenchHtml } from './page.ts';

const bench = makeBench({ noise: 0 });
/** The page without its style, its programs and its data. */
const shown = (text: string): string => text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
const dataOf = (text: string): unknown =>
  JSON.parse(/<script type="application\/json" id="result">([\s\S]*?)<\/script>/.exec(text)?.[1] ?? '');
const sectionsOf = (text: string): string[] => [...text.matchAll(/<section id="([a-z]+)"/g)].map((m) => m[1] ?? '');

test('the data is the benchmark', () => {
  expect(dataOf(toBenchHtml(bench))).toEqual(JSON.parse(JSON.stringify(bench)));
});

test('each part has a section in its order, and a link to it', () => {
  const text = toBenchHtml(bench);
  expect(sectionsOf(text)).toEqual(['targets', 'locks', 'fairness', 'port', 'latency', 'memory', 'method']);
  for (const id of sectionsOf(text)) expect(text).toContain(`<a href="#${id}">`);
});

test('every target stands with its grade, and every figure in a table', () => {
  const text = shown(toBenchHtml(bench)).replace(/<[^>]+>/g, '');
  for (const { what } of bench.targets) expect(text).toContain(html`${what}`.text);
  for (const word of ['missed by 2.40x, below the floor', 'met, and the moonshot', '60.0 ns 0.333x ±0%', '5,312 B']) {
    expect(text).toContain(word);
  }
  expect(text).toContain('Not measured: Atomics.Mutex, this engine has none.');
  expect(text).toContain('npm run bench -- --rounds 12');
});

test('a comparison has a section, and its conclusion stands at the top', () => {
  const comparison = compareBenches(makeBench(), makeBench({ seed: 2, portSlower: 1.5 }));
  const text = toBenchHtml({ ...bench, comparison });
  expect(sectionsOf(text)).toContain('comparison');
  expect(shown(text)).toContain('Against the earlier run: 8 figures moved');
});

test('nothing is asked of anybody, and nothing is broken where nothing was measured', () => {
  const nothing: Bench = { ...bench, interrupted: true, groups: [], targets: targetRows([]) };
  for (const one of [bench, nothing]) {
    const text = toBenchHtml(one);
    expect(text).toContain(`content="default-src 'none';`);
    const references = [...shown(text).matchAll(/\b(?:src|href)="([^"]*)"/g)].map((m) => m[1] ?? '');
    expect(references.filter((reference) => !/^(#|data:,$)/.test(reference))).toEqual([]);
    expect(shown(text)).not.toMatch(/\b(NaN|undefined|Infinity|null)\b/);
  }
  expect(shown(toBenchHtml(nothing))).toContain('Interrupted benchmark');
  expect(shown(toBenchHtml(nothing))).not.toContain('data-chart');
});

test('hostile words stay words', () => {
  const hostile = '</script><img src=x onerror=alert(1)>"';
  const groups = bench.groups.map((group) => ({
    ...group,
    contestants: group.contestants.map((one) => ({ ...one, name: `${hostile}${one.name}` })),
  }));
  const environment = { ...bench.environment, cpuModel: hostile };
  const text = toBenchHtml({ ...bench, groups, environment, again: hostile, failure: hostile });
  expect(shown(text)).not.toContain('<img');
  expect(dataOf(text)).toMatchObject({ failure: hostile });
});

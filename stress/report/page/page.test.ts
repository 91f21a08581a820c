// SPDX-License-Identifier: GPL-2.0-only
/**
 * The pages as text: complete, harmless, small, and asking for nothing. How they look and what they do is
 * html.browser.test.ts's.
 */
import { expect, test } from 'vitest';
import { objectRef } from '../../../src/kernel/object_ref.ts';
import { rich, sweep } from '../../commands/page/pages.test-data.ts';
import { bucketsOf, percentilesOf } from '../../html/buckets.ts';
import { embeddedScript, html } from '../../html/markup.ts';
import { fixture, unexpected } from '../../result/fixture.test-data.ts';
import { type Finding, type Run, type RunResult, VERDICTS, type Verdict } from '../../result/run_result.ts';
import { toSweepHtml } from '../../sweep/page/page.ts';
import { duration, percent } from '../../text/units.ts';
import { verdictLine } from '../parts/parameters.ts';
import { worthSentences } from '../parts/worth.ts';
import { SHOWN } from './findings.ts';
import { toHtml } from './page.ts';

const run = (result: RunResult): Run => ({ result, rounds: [], trace: [] });
const page = (more: Partial<RunResult> = {}): string => toHtml(run({ ...fixture, ...more }));

/** The page without its style, its programs and its data. */
const shown = (text: string): string => text.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
const dataOf = (text: string): unknown =>
  JSON.parse(/<script type="application\/json" id="result">([\s\S]*?)<\/script>/.exec(text)?.[1] ?? '');

/** The words, as a page writes them, that are not in a text. */
const missing = (text: string, words: readonly string[]): string[] =>
  words.filter((one) => !text.includes(html`${one}`.text));

const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--\u2028`;

test('what is put into markup is escaped, markup is not', () => {
  expect(html`<p title="${'"<'}">${'a<b'} ${html`<b>${'&'}</b>`} ${['x', html`<i></i>`]}${null}${false}</p>`.text).toBe(
    '<p title="&quot;&lt;">a&lt;b <b>&amp;</b> x<i></i></p>',
  );
  expect(embeddedScript('"</script>"; "<!--"').text).toBe('"\\x3C/script>"; "\\x3C!--"');
});

test('hostile words stay words, wherever they come from', () => {
  const finding: Finding = {
    ...unexpected,
    title: HOSTILE,
    kind: HOSTILE,
    where: HOSTILE,
    role: HOSTILE,
    known: HOSTILE,
    text: [HOSTILE],
    stack: [HOSTILE],
    objects: [objectRef(HOSTILE, 0x1000)],
    cpus: [{ cpu: 5, role: HOSTILE, held: [HOSTILE], waiting: HOSTILE, steps: [{ us: 1, text: HOSTILE }] }],
  };
  const text = page({
    reason: HOSTILE,
    parameters: { ...fixture.parameters, again: HOSTILE, scenarios: [HOSTILE] },
    environment: { ...fixture.environment, cpuModel: HOSTILE },
    scenarios: fixture.scenarios.map((scenario) => ({
      ...scenario,
      name: HOSTILE,
      description: HOSTILE,
      findings: [finding],
      goals: { [HOSTILE]: { count: 0, required: true } },
      operations: { [HOSTILE]: 1 },
      outcomes: [{ result: HOSTILE, samples: 1, expect: 'UNKNOWN', description: HOSTILE }],
    })),
    locks: fixture.locks.map((lock) => ({ ...lock, class: HOSTILE, waiters: [{ count: 1, site: HOSTILE }] })),
    latency: { [HOSTILE]: fixture.latency['io_submit']! },
    thresholds: [{ expression: HOSTILE, value: 1, text: HOSTILE, met: true }],
    merged: [
      {
        folder: HOSTILE,
        seed: 1,
        shard: null,
        verdict: 'passed',
        environment: { ...fixture.environment, node: HOSTILE },
      },
    ],
  });
  const plain = shown(page({ merged: [] }));
  const elements = (of: string): number => of.match(/<(script|img)\b/g)?.length ?? 0;
  expect(elements(text)).toBe(elements(page()));
  expect(shown(text)).not.toMatch(/<img|<script|onerror=alert\(2\)>"/);
  expect(shown(text).length).toBeGreaterThan(plain.length);
  expect(dataOf(text)).toMatchObject({ reason: HOSTILE });
});

test('the data is the result', () => {
  expect(dataOf(page())).toEqual(JSON.parse(JSON.stringify(fixture)));
  expect(dataOf(toSweepHtml(sweep))).toEqual(JSON.parse(JSON.stringify(sweep)));
});

test('a full run of a minute is smaller than 1.5 MB, and so is one with a hundred findings', () => {
  expect(Buffer.byteLength(toHtml(run(rich)))).toBeLessThan(1.5e6);
  const one = rich.scenarios[0]!.findings[0]!;
  const many = Array.from({ length: 100 }, (_, i) => ({ ...one, title: `${one.title}, way ${i}` }));
  const text = toHtml(run({ ...rich, scenarios: [{ ...rich.scenarios[0]!, findings: many }] }));
  expect(Buffer.byteLength(text)).toBeLessThan(1.5e6);
  expect(shown(text)).toContain(`Of the last ${100 - SHOWN} findings only the title`);
  const { findings } = (dataOf(text) as RunResult).scenarios[0]!;
  expect(findings.filter(({ cpus }) => cpus.length > 0)).toHaveLength(SHOWN);
});

test('nothing is asked of anybody', () => {
  for (const text of [page(), toSweepHtml(sweep)]) {
    const references = [...shown(text).matchAll(/\b(?:src|href|action|poster|srcset|data)="([^"]*)"/g)].map(
      (m) => m[1]!,
    );
    expect(references.length).toBeGreaterThan(3);
    expect(references.filter((reference) => !/^(#|data:,$)/.test(reference))).toEqual([]);
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    expect(style.length).toBeGreaterThan(1000);
    expect(style).not.toMatch(/@import|url\(/);
    expect(text).toContain(`content="default-src 'none';`);
  }
});

test('every section stands in its order, and the verdict line at the end', () => {
  const text = page();
  const ids = [...text.matchAll(/<section id="([a-z]+)"/g)].map((m) => m[1]);
  const order = 'outcomes findings locks latency time activity thresholds goals environment worth';
  expect(ids.join(' ')).toBe(order);
  expect(ids.every((id) => text.includes(`<a href="#${id}">`))).toBe(true);
  expect(text.indexOf(html`${verdictLine(fixture)}`.text)).toBeGreaterThan(text.indexOf('id="worth"'));
  for (const sentence of worthSentences(fixture)) expect(text).toContain(html`${sentence}`.text);
});

test('what is there is said: rerun, labels, vacuous goals, hints, known bugs, shares, thresholds', () => {
  const text = shown(page()).replace(/<[^>]+>/g, '');
  expect(
    missing(text, [
      'npm run stress -- --threads 16 --minutes 1 --seed 42',
      'SURFACED',
      'Vacuous: never happened: exit with requests in flight.',
      'HINT: this is what fa8a53c39f3f',
      'known in v3.17: deeb8525f9bc',
      'holds private_lock, completion_lock',
      'waits for ring_lock',
      "Measured on the patched build's rounds.",
      'Sites that waited',
      'Sites that held it meanwhile',
      'aio_complete (src/fs/aio/completion.ts:45)',
      'locks.completion_lock.wait.p99 < 500us',
      '12.1 s',
    ]),
  ).toEqual([]);
});

test('objects of a finding are marked in the steps, others are not', () => {
  const text = page();
  expect(text).toContain('aio_migratepage: ring_pages[0] copied, <mark>0x40020000</mark> -&gt; 0x40031000');
  expect(text).toContain('aio_complete: kioctx 0x400123400 slot 15');
});

test('findings that nobody expected come first', () => {
  const [first, second] = fixture.scenarios;
  const text = page({ scenarios: [first!, second!, { ...first!, findings: [{ ...unexpected, count: 1 }] }] });
  const at = ['Where nothing should be found', 'On builds with a fix taken back', 'Known in v3.17'].map((head) =>
    text.indexOf(`<h3>${head}`),
  );
  expect(at.every((place) => place > 0)).toBe(true);
  expect(at).toEqual([...at].sort((a, b) => a - b));
});

test('what there is nothing of is said', () => {
  const text = page({
    verdict: 'interrupted',
    exitCode: 130,
    interrupted: true,
    scenarios: [],
    locks: [],
    latency: {},
    timeline: [],
    roles: {},
    thresholds: [],
    throughput: { eventsPerSecond: 0, events: 0 },
  });
  expect(
    missing(text, [
      'No scenario was run.',
      'Nothing was found.',
      'No lock was measured.',
      'No system call was measured.',
      'No timeline was recorded.',
      'No activity was recorded.',
      'its thresholds were not judged',
      'all figures are up to there',
    ]),
  ).toEqual([]);
  expect(shown(text)).not.toContain('data-chart');
  expect(shown(text)).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
});

test('a merged run names its runs, and every verdict has a word', () => {
  const merged = [1, 2].map((index) => ({
    folder: `20261121T024700Z-${index}`,
    seed: index,
    shard: { index, of: 2 },
    verdict: 'passed' as const,
    environment: fixture.environment,
  }));
  const text = page({ merged });
  expect(text).toContain('Merged from 2 runs');
  expect(text).toContain('20261121T024700Z-2');
  expect(text).toContain('2 of 2');
  for (const verdict of Object.keys(VERDICTS) as Verdict[]) {
    expect(page({ verdict })).toMatch(/<h1>[A-Z][a-z ]+ <span/);
  }
});

test('a sweep without a fit, and one without a point', () => {
  expect(toSweepHtml({ ...sweep, fit: null })).toContain('too few for a fit');
  const text = shown(toSweepHtml({ ...sweep, points: [], fit: null, interrupted: true }));
  expect(text).toContain('No width was run to its end.');
  expect(text).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
});

test('buckets keep every count, percentiles rise to all of it', () => {
  const { histogram, samples, max } = rich.locks[0]!.wait;
  for (const perDoubling of [1, 4]) {
    const buckets = bucketsOf(histogram, perDoubling);
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(samples);
    expect(buckets.every(({ to }, i) => i === buckets.length - 1 || to === buckets[i + 1]!.from)).toBe(true);
  }
  const curve = percentilesOf(histogram, max);
  expect(curve.at(-1)).toEqual({ share: 1, ns: max });
  expect(curve.every(({ ns }, i) => i === 0 || ns >= curve[i - 1]!.ns)).toBe(true);
  expect(bucketsOf([], 4)).toEqual([]);
});

test('units', () => {
  expect([0, 412, 5432, 24_690, 1e6, 999_950, 2.2e9, 2e12].map(duration).join('; ').replaceAll('\u00a0', ' ')).toBe(
    '0 ns; 412 ns; 5.43 µs; 24.7 µs; 1.00 ms; 1.00 ms; 2.20 s; 33.3 min',
  );
  expect([0, 1e-6, 0.5, 0.99999, 1].map(percent).join('; ').replaceAll('\u00a0', ' ')).toBe(
    '0.0 %; <0.1 %; 50.0 %; >99.9 %; 100.0 %',
  );
});

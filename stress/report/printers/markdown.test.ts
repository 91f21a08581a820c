// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import { duplicate, fixture } from '../../result/fixture.test-data.ts';
import type { RunResult, ScenarioResult } from '../../result/run_result.ts';
import { codeBlock, escaped, markdownTable } from '../../text/markdown.ts';
import { toMarkdown } from './markdown.ts';

const [patched, reverted] = fixture.scenarios as [ScenarioResult, ScenarioResult];
const LIMIT = 64 * 1024;

test('the head says the verdict, why, and how to run it again', () => {
  expect(toMarkdown(fixture).split('\n').slice(0, 12).join('\n')).toMatchInlineSnapshot(`
    "## kioctx stress: INCONCLUSIVE (exit 4)

    exit_leaves_requests_in_flight never reached exit with requests in flight

    \`\`\`sh
    npm run stress -- --threads 16 --minutes 1 --seed 42 --scenario head_lost_in_page_migration --scenario exit_leaves_requests_in_flight
    \`\`\`

    | scenario | build | result | rounds | findings | first after |
    | --- | --- | --- | ---: | ---: | ---: |
    | head_lost_in_page_migration | patched | OK | 24 | 1 |  |
    | head_lost_in_page_migration | reverted: serialise_migration | SURFACED | 11 | 1 | 1.8 s |"
  `);
});

test('every scenario, table and finding is there, and nothing was left out', () => {
  const text = toMarkdown(fixture);
  expect(text).toContain('| head_lost_in_page_migration | reverted: serialise_migration | SURFACED | 11 | 1 | 1.8 s |');
  expect(text).toContain('| event:duplicate | 7 | &lt;0.01% | Forbidden | an event was delivered twice |');
  expect(text.match(/<details>/g)).toHaveLength(2);
  expect(text).toContain('HINT: this is what fa8a53c39f3f');
  expect(text).toContain('**VACUOUS**: never happened: exit with requests in flight.');
  expect(text).toContain('| completion_lock | 81,234 |');
  expect(text).toContain('| io_submit | 180,000 | 1.13 |');
  expect(text).toContain('| throughput.events &gt; 2e6/s | 1,240,000/s | BROKEN |');
  expect(text).toContain('| head_lost_in_page_migration | reverted: serialise_migration | 11 | 2 | 8.1 s | 2.8 s |');
  expect(text).toContain('| completion_lock | aio_complete (src/fs/aio/completion.ts:45), 80.00% | aio_complete');
  expect(text).toContain('### Lock contention (patched build)');
  expect(text).toContain('--- End of test: INCONCLUSIVE');
  expect(text).not.toContain('left out');
});

const big = (findings: number, lines: number): RunResult => ({
  ...fixture,
  scenarios: [
    patched,
    {
      ...reverted,
      findings: Array.from({ length: findings }, (_, i) => ({
        ...duplicate,
        title: `finding ${i}`,
        text: Array.from({ length: lines }, () => 'ü'.repeat(80)),
      })),
    },
  ],
});

test.each([
  [100, 5],
  [1000, 1],
  [3, 400],
  [1, 5000],
])('%d findings of %d lines keep below 64 KB, and those left out are counted', (findings, lines) => {
  const text = toMarkdown(big(findings, lines));
  expect(Buffer.byteLength(text)).toBeLessThan(LIMIT);
  const shown = (text.match(/<details>/g) ?? []).length;
  const left = Number((/^([\d,]+) findings? left out/m.exec(text)?.[1] ?? '0').replace(',', ''));
  expect(left).toBeGreaterThan(0);
  // one finding more than the scenario's own: that of the patched build
  expect(shown + left).toBe(findings + 1);
  expect(text).toContain('--- End of test');
});

test('the room is used: one more small finding would not have fitted', () => {
  expect(Buffer.byteLength(toMarkdown(big(1000, 1)))).toBeGreaterThan(LIMIT - 4096);
});

test('a large finding does not keep a small one out', () => {
  const huge = { ...duplicate, title: 'huge', text: Array.from({ length: 3000 }, () => 'x'.repeat(80)) };
  const text = toMarkdown({ ...fixture, scenarios: [{ ...reverted, findings: [huge, { ...duplicate, count: 1 }] }] });
  expect(text).toContain('event:duplicate: an event was delivered twice');
  expect(text).toContain('1 finding left out');
});

test('anything else that is too much is left out whole, too', () => {
  const outcome = { result: 'r'.repeat(500), samples: 1, expect: 'ACCEPTABLE', description: 'd'.repeat(500) } as const;
  const many: RunResult = {
    ...fixture,
    reason: 'because '.repeat(20_000),
    parameters: { ...fixture.parameters, again: '--scenario x '.repeat(10_000) },
    scenarios: Array.from({ length: 40 }, () => ({ ...patched, outcomes: Array.from({ length: 20 }, () => outcome) })),
  };
  const text = toMarkdown(many);
  expect(Buffer.byteLength(text)).toBeLessThan(LIMIT);
  expect(text).toMatch(/^\d+ sections left out/m);
  expect(text).toContain('--- End of test');
});

test('text is never markup', () => {
  expect(escaped('a|b <script> & `x` *y* [z](u) _w_ snake_case\nline')).toBe(
    'a&#124;b &lt;script&gt; &amp; \\`x\\` \\*y\\* \\[z\\](u) \\_w\\_ snake_case line',
  );
  const title = 'a <img> | b';
  const text = toMarkdown({
    ...fixture,
    reason: title,
    scenarios: [{ ...reverted, findings: [{ ...duplicate, title }] }],
  });
  expect(text.replace(/```[\s\S]*?```/g, '')).not.toContain('<img>');
  expect(text).toContain('a &lt;img&gt; &#124; b in io_getevents');
});

test('every row of a table has the cells of its head', () => {
  const table = markdownTable(['a', 'b'], [['x|y', 'z\nw']], ['left', 'right']);
  expect(table).toBe('| a | b |\n| --- | ---: |\n| x&#124;y | z w |');
});

test('a percentile stands beside the count of its samples, and is not shown of too few', () => {
  const rows = toMarkdown(fixture)
    .split('\n')
    .filter((line) => line.startsWith('| tree_lock | 0 | -'));
  expect(rows).toEqual(['| tree_lock | 0 | - | - | - | - | 570 | 0.37 | 0.66 | 3.31 | - |']);
});

test('a merged run names what it was merged from', () => {
  const shard = { index: 1, of: 2 };
  const merged = [
    { folder: 'a_b', seed: 1, shard, verdict: 'passed' as const, environment: fixture.environment },
    { folder: 'c', seed: 1, shard: null, verdict: 'hang' as const, environment: fixture.environment },
  ];
  const text = toMarkdown({ ...fixture, merged });
  expect(text).toContain('| a_b | 1 | 1 of 2 | passed | v20.20.2 |');
  expect(text).toContain('| c | 1 | whole | hang | v20.20.2 |');
});

test('a fence is not closed by what is inside', () => {
  expect(codeBlock(['```', 'x'], 'text')).toBe('````text\n```\nx\n````');
});

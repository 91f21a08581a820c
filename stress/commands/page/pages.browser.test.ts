// SPDX-License-Identifier: GPL-2.0-only
/** The pages in a real browser, opened from disk as a reader opens them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NO_BROWSER, needs } from '../../../src/testing/needs.ts';
import { findBrowser } from '../../../src/testing/programs.ts';
import { makeBench } from '../../bench/bench.test-data.ts';
import { toBenchHtml } from '../../bench/page/page.ts';
import { toHtml } from '../../report/page/page.ts';
import { distribution } from '../../result/distribution.ts';
import { fixture, unexpected } from '../../result/fixture.test-data.ts';
import type { RunResult } from '../../result/run_result.ts';
import { toSweepHtml } from '../../sweep/page/page.ts';
import { rich, sweep } from './pages.test-data.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'].concat(
  '--disable-background-networking',
  '--disable-component-update',
);

const page = (result: RunResult): string => toHtml({ result, rounds: [], trace: [] });
const bare: RunResult = {
  ...fixture,
  verdict: 'interrupted',
  interrupted: true,
  scenarios: [],
  locks: [],
  latency: {},
  timeline: [],
  roles: {},
  thresholds: [],
};
const merged: RunResult = {
  ...fixture,
  merged: [{ folder: 'a', seed: 1, shard: { index: 1, of: 2 }, verdict: 'passed', environment: fixture.environment }],
};
const INJECTION = '</script><img src=x onerror="window.broken=1"><script>window.broken=1</script>';
const hostile: RunResult = {
  ...fixture,
  locks: fixture.locks.map((lock) => ({ ...lock, class: INJECTION })),
  latency: { [INJECTION]: fixture.latency['io_submit']! },
  scenarios: fixture.scenarios.map((one) => ({
    ...one,
    name: INJECTION,
    findings: [{ ...unexpected, title: INJECTION }],
  })),
};

/** As little of everything as there can be. */
const tiny: RunResult = {
  ...fixture,
  timeline: fixture.timeline.slice(0, 1),
  locks: [{ ...fixture.locks[0]!, wait: distribution([64, 1]), hold: distribution([0, 1]) }],
  latency: { io_submit: distribution([640, 1]) },
};

const PAGES = {
  rich: page(rich),
  fixture: page(fixture),
  bare: page(bare),
  merged: page(merged),
  tiny: page(tiny),
} as const;
const OTHERS = {
  hostile: page(hostile),
  bench: toBenchHtml(makeBench()),
  sweep: toSweepHtml(sweep),
  'sweep-bare': toSweepHtml({ ...sweep, points: [] }),
};
type Name = keyof typeof PAGES | keyof typeof OTHERS;

// a page is opened many times, on cores that others use as well
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

needs(NO_BROWSER);
let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'kioctx-html-'));
const urlOf = (name: Name): string => pathToFileURL(join(folder, `${name}.html`)).href;

beforeAll(async () => {
  const executablePath = findBrowser();
  if (executablePath === null) return;
  browser = await chromium.launch({ executablePath, args: FLAGS });
  for (const [name, text] of Object.entries({ ...PAGES, ...OTHERS })) writeFileSync(join(folder, `${name}.html`), text);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Every chart that can be seen is drawn. */
const drawn = (at: Page): Promise<unknown> =>
  at.waitForFunction(() =>
    [...document.querySelectorAll('[data-chart]')].every(
      (place) => place.getBoundingClientRect().width === 0 || place.querySelector('svg path, svg rect') !== null,
    ),
  );

/** Opens a page, does something with it, and expects that it neither complained nor asked for anything. */
async function visit(name: Name, options: BrowserContextOptions, act: (at: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const at = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    at.on('console', (message) => complaints.push(message.text()));
    at.on('pageerror', (error) => complaints.push(String(error)));
    at.on('request', (request) => requests.push(request.url()));
    await at.goto(urlOf(name));
    if (options.javaScriptEnabled !== false) await drawn(at);
    await act(at);
    expect(complaints).toEqual([]);
    expect(new Set(requests.map((url) => url.replace(/#.*/, '')))).toEqual(new Set([urlOf(name)]));
  } finally {
    await context.close();
  }
}

async function openAll(at: Page): Promise<void> {
  await at.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
    for (const button of document.querySelectorAll<HTMLElement>('button.open')) button.click();
  });
  await drawn(at);
}

/** What is drawn in each chart: how many shapes, and how large. */
const charts = (at: Page): Promise<{ kind: string; shapes: number; width: number; height: number }[]> =>
  at.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-chart]')].map((place) => {
      const svg = place.querySelector('svg');
      const box = svg?.getBoundingClientRect();
      return {
        kind: place.dataset['chart'] ?? '',
        shapes: svg?.querySelectorAll('path, rect').length ?? 0,
        width: box?.width ?? 0,
        height: box?.height ?? 0,
      };
    }),
  );

const scrollsSideways = (at: Page): Promise<boolean> =>
  at.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test('every chart is drawn, in the pages of a full run, a benchmark and a sweep', async () => {
  for (const [name, kinds] of [
    ['rich', ['lanes', 'lock-times', 'over-time', 'percentiles', 'roles']],
    ['bench', ['bench-fairness', 'bench-over-rows', 'bench-targets', 'bench-throughput']],
    ['sweep', ['sweep-contention', 'sweep-throughput']],
  ] as const) {
    await visit(name, {}, async (at) => {
      await openAll(at);
      const all = await charts(at);
      expect([...new Set(all.map(({ kind }) => kind))].sort()).toEqual(kinds);
      expect(all.filter(({ shapes, width, height }) => shapes < 4 || width < 200 || height < 100)).toEqual([]);
      const silent = await at.locator('[data-chart]:not([role=img][aria-label])').count();
      expect(silent).toBe(0);
    });
  }
});

test('one sample and one stretch make a chart', async () => {
  await visit('tiny', {}, async (at) => {
    await openAll(at);
    const all = await charts(at);
    expect(all.map(({ kind }) => kind).sort()).toEqual([
      'lanes',
      'lock-times',
      'lock-times',
      'over-time',
      'percentiles',
      'roles',
    ]);
    expect(all.filter(({ shapes, width }) => shapes < 2 || width < 200)).toEqual([]);
  });
});

test('pages with nothing, with merged runs and with hostile words do no harm', async () => {
  for (const name of ['bare', 'merged', 'hostile', 'sweep-bare'] as const) {
    await visit(name, {}, async (at) => {
      await openAll(at);
      expect(await at.evaluate(() => 'broken' in window)).toBe(false);
      expect(await at.locator('img').count()).toBe(0);
      expect(await at.locator('h1').count()).toBe(1);
    });
  }
});

test('tables sort by every head, there and back, and rows keep what belongs to them', async () => {
  await visit('rich', {}, async (at) => {
    const heads = at.locator('#lock-table thead th button');
    expect(await heads.count()).toBe(13);
    const classes = (): Promise<string[]> => at.locator('#lock-table > tbody > tr:not(.more) > th').allTextContents();
    const first = rich.locks.map((lock) => lock.class);
    expect(await classes()).toEqual(first);
    await at.locator('#lock-table .open', { hasText: /^ring_lock$/ }).click();
    for (let i = 0; i < 13; i++) {
      await heads.nth(i).click();
      const sorted = at.locator('#lock-table th[aria-sort]');
      expect(await sorted.count()).toBe(1);
      expect(await sorted.locator('button').textContent()).toBe(await heads.nth(i).textContent());
    }
    await heads.nth(0).click();
    expect(await classes()).toEqual([...first].sort((a, b) => a.localeCompare(b, 'en')));
    await heads.nth(0).click();
    expect(await classes()).toEqual([...first].sort((a, b) => b.localeCompare(a, 'en')));
    expect(await at.locator('#lock-table th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    expect(await at.locator('tbody:has(tr.more.shown) th button').first().textContent()).toBe('ring_lock');
  });
});

test('a tile of the grid opens its case', async () => {
  await visit('fixture', {}, async (at) => {
    const tile = at.locator('a.tile', { hasText: 'SURFACED' });
    const id = (await tile.getAttribute('href'))!.slice(1);
    expect(await at.locator(`#${id} table`).first().isVisible()).toBe(false);
    await tile.click();
    await at.locator(`#${id} table`).first().waitFor({ state: 'visible' });
  });
});

test('a keyboard reaches everything', async () => {
  await visit('fixture', {}, async (at) => {
    const wanted = await at.evaluate(() => {
      const all = [...document.querySelectorAll<HTMLElement>('a[href], button, summary, [tabindex="0"]')];
      const reachable = all.filter((one) => one.checkVisibility() && one.tabIndex >= 0);
      reachable.forEach((one, i) => {
        one.dataset['stop'] = String(i);
      });
      return reachable.length;
    });
    expect(wanted).toBeGreaterThan(40);
    const reached: string[] = [];
    for (let i = 0; i < wanted + 20 && new Set(reached).size < wanted; i++) {
      await at.keyboard.press('Tab');
      reached.push(await at.evaluate(() => (document.activeElement as HTMLElement).dataset['stop'] ?? ''));
    }
    expect(new Set(reached.filter((stop) => stop !== '')).size).toBe(wanted);
    expect(reached[0]).toBe('0');
    await at.evaluate(() => (document.querySelector('.skip') as HTMLElement).focus());
    await at.keyboard.press('Enter');
    expect(await at.evaluate(() => document.activeElement?.id)).toBe('main');
    await at.locator('#lock-table .open').first().focus();
    await at.keyboard.press('Enter');
    await at.locator('#lock-table tr.more.shown svg').first().waitFor({ state: 'visible' });
  });
});

test('the theme is the system’s until it is switched, and stays switched', async () => {
  const ground = (at: Page): Promise<string> =>
    at.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const ink = (at: Page): Promise<string | null> =>
    at.locator('[data-chart=percentiles] svg text').first().getAttribute('fill');
  await visit('fixture', { colorScheme: 'dark' }, async (at) => {
    expect(await ground(at)).toBe('rgb(20, 23, 26)');
    const dark = await ink(at);
    await at.getByRole('button', { name: 'Light theme' }).click();
    expect(await ground(at)).toBe('rgb(255, 255, 255)');
    expect(await ink(at)).not.toBe(dark);
    expect(await at.evaluate(() => localStorage.getItem('kioctx-theme'))).toBe('light');
    // How long a browser keeps what a file from disk has stored is the browser's; a page that finds it follows it.
    await at.addInitScript(() => localStorage.setItem('kioctx-theme', 'light'));
    await at.reload();
    await drawn(at);
    expect(await ground(at)).toBe('rgb(255, 255, 255)');
    expect(await at.getByRole('button', { name: 'Dark theme' }).isVisible()).toBe(true);
  });
});

test('the charts over time are zoomed together, by buttons', async () => {
  await visit('rich', {}, async (at) => {
    const labels = (kind: string): Promise<string[]> => at.locator(`[data-chart=${kind}] svg text`).allTextContents();
    const before = await labels('lanes');
    await at.getByRole('button', { name: 'Zoom in' }).click();
    await at.getByRole('button', { name: 'Later' }).click();
    await expect.poll(() => at.locator('.zoom output').textContent()).toBe('50 % to 100 % of the run');
    await expect.poll(() => labels('lanes')).not.toEqual(before);
    const seconds = (texts: string[]): string[] => texts.filter((text) => / s$/.test(text));
    expect(seconds(await labels('over-time'))).toEqual(seconds(await labels('lanes')));
    const zoomed = await labels('lanes');
    await at.getByRole('button', { name: 'Dark theme' }).click();
    expect(await labels('lanes')).toEqual(zoomed);
    await at.getByRole('button', { name: 'Whole run' }).click();
    await expect.poll(() => labels('lanes')).toEqual(before);
  });
});

test('a tooltip says what is under the pointer, and no other chart speaks', async () => {
  await visit('rich', {}, async (at) => {
    await at.locator('[data-chart=over-time]').evaluate((place) => place.scrollIntoView({ block: 'start' }));
    const box = await at.evaluate(() => {
      const lanes = [...document.querySelectorAll('[data-chart=lanes] svg path')].map((one) =>
        one.getBoundingClientRect(),
      );
      const { x, y, width, height } = lanes.filter((one) => one.width > 20 && one.height > 8 && one.height < 30)[0]!;
      return { x: x + width / 2, y: y + height / 2 };
    });
    await at.mouse.move(box.x - 1, box.y);
    await at.mouse.move(box.x, box.y);
    await expect
      .poll(() => at.locator('.tip').allTextContents())
      .toEqual([expect.stringMatching(/^cpu 0: (user|kernel|lock)/)]);
  });
});

test('a legend hides a series and shows it again', async () => {
  await visit('rich', {}, async (at) => {
    const figure = at.locator('figure', { has: at.locator('[data-chart=lanes]') });
    const shapes = (): Promise<number> => figure.locator('svg path, svg rect').count();
    const all = await shapes();
    const lock = figure.getByRole('button', { name: 'lock' });
    await lock.click();
    expect(await lock.getAttribute('aria-pressed')).toBe('false');
    await expect.poll(shapes).toBeLessThan(all);
    await lock.click();
    await expect.poll(shapes).toBe(all);
  });
});

test('a telephone scrolls down only', async () => {
  for (const name of ['rich', 'bare', 'merged', 'hostile', 'bench', 'sweep'] as const) {
    await visit(name, { viewport: { width: 400, height: 800 } }, async (at) => {
      expect(await scrollsSideways(at)).toBe(false);
      await openAll(at);
      expect(await scrollsSideways(at)).toBe(false);
    });
  }
});

/** What axe calls serious. @param rules - those that are asked; all if there are none */
const serious = (at: Page, ...rules: string[]): Promise<string[]> =>
  at.evaluate(async (only) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ['violations'],
      ...(only.length === 0 ? {} : { runOnly: only }),
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)[0]}`);
  }, rules);

test('axe finds nothing serious, light or dark', async () => {
  for (const name of ['merged', 'bench', 'sweep'] as const) {
    await visit(name, { colorScheme: 'light' }, async (at) => {
      await openAll(at);
      await at.evaluate(axe.source);
      expect(await serious(at)).toEqual([]);
      await at.emulateMedia({ colorScheme: 'dark' });
      await drawn(at);
      // All that the dark theme changes is colours.
      expect(await serious(at, 'color-contrast')).toEqual([]);
    });
  }
});

test('paper shows everything, and the page is as before afterwards', async () => {
  await visit('fixture', { colorScheme: 'dark' }, async (at) => {
    const folded = (): Promise<number> => at.locator('details:not([open])').count();
    const before = await folded();
    expect(before).toBeGreaterThan(3);
    await at.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await expect.poll(folded).toBe(0);
    await drawn(at);
    expect(await at.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light');
    const hidden = at.locator('main :is(tr, svg, p, dd):not(.without)').filter({ visible: false });
    expect(await hidden.count()).toBe(0);
    expect(await at.locator('tr.more').filter({ visible: false }).count()).toBe(0);
    expect(await at.getByRole('button', { name: 'Zoom in' }).count()).toBe(0);
    const wide = (await charts(at)).filter(({ width, shapes }) => width > 700 || shapes < 4);
    expect(wide).toEqual([]);
    await at.emulateMedia({ media: 'screen', colorScheme: 'dark' });
    await expect.poll(folded).toBe(before);
    expect((await at.pdf({ format: 'A4' })).length).toBeGreaterThan(50_000);
    await expect.poll(folded).toBe(before);
  });
});

test('without its program the page can be read', async () => {
  await visit('fixture', { javaScriptEnabled: false }, async (at) => {
    expect(await at.locator('tr.more').filter({ visible: false }).count()).toBe(0);
    expect(await at.getByText('This chart needs JavaScript').first().isVisible()).toBe(true);
    expect(await at.locator('.copy').first().isVisible()).toBe(false);
  });
});

test('the command is copied, or selected where there is no clipboard', async () => {
  await visit('fixture', {}, async (at) => {
    await at.getByRole('button', { name: 'Copy' }).first().click();
    await at.getByRole('button', { name: /Copied|Selected/ }).waitFor();
    const selected = await at.evaluate(() => getSelection()?.toString() ?? '');
    if (selected !== '') expect(selected).toBe(`npm run stress -- ${fixture.parameters.again}`);
  });
});

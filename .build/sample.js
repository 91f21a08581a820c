// SPDX-License-Identifier: GPL-2.0-only
/**
 * `node .build/sample.js RUN`: makes reports/sample/ from the log of a run: report.md, lock_stat.txt, and pictures of
 * the page. The page itself is left out: it is large, and any run makes one.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { findBrowser } from '../dist/src/testing/programs.js';
import { ROOT } from './fresh.js';

const SAMPLE = join(ROOT, 'reports/sample');
/** Of the window, in CSS pixels; and what is left free around a picture's sections. */
const WIDTH = 1280;
const MARGIN = 16;
/** A chart that is folded away has no size, and is not drawn. */
const ALL_DRAWN =
  "[...document.querySelectorAll('[data-chart]')].every((at) => at.clientWidth === 0 || at.querySelector('svg path'))";
/** Sections of the page, from one to another. */
const PICTURES = [
  { name: 'verdict', colorScheme: 'light', from: '.banner', to: '.banner + section' },
  { name: 'locks', colorScheme: 'dark', from: '#locks', to: '#latency' },
  { name: 'time', colorScheme: 'light', from: '#time', to: '#activity' },
];

/** A picture of a page's part, WebP. @returns {Promise<Buffer>} */
async function picture(browser, url, { colorScheme, from, to }) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 900 }, colorScheme });
  await page.goto(url);
  await page.waitForFunction(ALL_DRAWN);
  const [first, last] = await Promise.all([from, to].map((one) => page.locator(one).first().boundingBox()));
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 80,
    captureBeyondViewport: true,
    clip: {
      x: first.x - MARGIN,
      y: first.y - MARGIN,
      width: first.width + 2 * MARGIN,
      height: last.y + last.height - first.y + 2 * MARGIN,
      scale: 1,
    },
  });
  await page.close();
  return Buffer.from(data, 'base64');
}

const [, , run] = process.argv;
if (run === undefined) throw new Error('which run? type node .build/sample.js reports/RUN');
const folder = mkdtempSync(join(tmpdir(), 'kioctx-sample-'));
const render = [join(ROOT, 'dist/stress/commands/report.js'), 'render', run, '--output', folder];
execFileSync(process.execPath, [...render, '--reporter', 'md,lock_stat,html'], { stdio: 'inherit' });
for (const name of ['report.md', 'lock_stat.txt']) copyFileSync(join(folder, name), join(SAMPLE, name));
const browser = await chromium.launch({ executablePath: findBrowser() ?? 'chromium', args: ['--no-sandbox'] });
for (const one of PICTURES) {
  const url = pathToFileURL(join(folder, 'report.html')).href;
  writeFileSync(join(SAMPLE, `${one.name}.webp`), await picture(browser, url, one));
}
await browser.close();
rmSync(folder, { recursive: true });

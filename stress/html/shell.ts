// SPDX-License-Identifier: GPL-2.0-only
/**
 * The frame of every page: one file that asks the network for nothing, and says so to the browser as well
 * (Content-Security-Policy), with the data it was made from inside.
 *
 * A page is complete without its program, which draws the charts, sorts, folds and switches the theme
 * (stress/commands/page/program.ts, bundled by .build/page.js).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { UsageError } from '../cli/usage_error.ts';
import { ROOT } from '../host/root.ts';
import { embeddedJson, embeddedScript, html, type Markup, trusted } from './markup.ts';
import { type Section, section } from './section.ts';

const STYLE = new URL('stress/html/style/', ROOT);
const PROGRAM = new URL('dist/report-client.js', ROOT);
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/** Before anything is painted: that there is a program, and the theme that was chosen. */
const EARLY = `document.documentElement.classList.add('js');
try { document.documentElement.dataset.theme = localStorage.getItem('kioctx-theme') ?? ''; } catch {}`;

export interface Page {
  /** Of the window. */
  readonly title: string;
  /** What kind of page it is, in two or three words. */
  readonly name: string;
  /** What comes first, with the page's h1. */
  readonly banner: Markup;
  readonly sections: readonly Section[];
  /** The last line. */
  readonly end: string;
  /** What the charts are drawn from. */
  readonly data: unknown;
}

/** The style sheets, in the order of their names. */
function style(): Markup {
  const sheets = readdirSync(STYLE)
    .filter((name) => name.endsWith('.css'))
    .sort();
  const text = sheets.map((name) => readFileSync(new URL(name, STYLE), 'utf8')).join('\n');
  return trusted(text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\n\s*/g, '\n'));
}

function program(): Markup {
  try {
    return embeddedScript(readFileSync(PROGRAM, 'utf8'));
  } catch {
    throw new UsageError('output', 'dist/report-client.js, the program of the page, is missing: type npm run build.');
  }
}

export function shell({ title, name, banner, sections, end, data }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style()}</style>
<script>${trusted(EARLY)}</script>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header class="top"><p class="brand"><b>kioctx</b> ${name}</p>
<button type="button" id="theme" hidden>Dark theme</button></header>
<nav aria-label="Sections"><ul>${sections.map((one) => html`<li><a href="#${one.id}">${one.title}</a></li>`)}</ul></nav>
<main id="main" tabindex="-1">
${banner}
${sections.map(section)}</main>
<footer><p><samp>${end}</samp></p></footer>
<p id="status" class="unseen" role="status"></p>
<script type="application/json" id="result">${embeddedJson(data)}</script>
<script>${program()}</script>
</body>
</html>
`.text;
}

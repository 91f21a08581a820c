// SPDX-License-Identifier: GPL-2.0-only
/** What was run, and on what. */
import { html } from '../../html/markup.ts';
import { pairs, type Section } from '../../html/section.ts';
import type { RunResult } from '../../result/run_result.ts';
import { environmentPairs, parameterPairs } from '../parts/parameters.ts';

export const environment = (result: RunResult): Section => ({
  id: 'environment',
  title: 'Environment and parameters',
  body: html`<div class="pair"><div><h3>Parameters</h3>${pairs(parameterPairs(result))}</div>
<div><h3>Environment</h3>${pairs(environmentPairs(result))}</div></div>`,
});

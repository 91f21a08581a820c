// SPDX-License-Identifier: GPL-2.0-only
/** What was run, and on what. */
import { environmentPairs, parameterPairs } from '../../parameters.ts';
import type { RunResult } from '../../result.ts';
import { html } from '../markup.ts';
import { pairs, type Section } from '../section.ts';

export const environment = (result: RunResult): Section => ({
  id: 'environment',
  title: 'Environment and parameters',
  body: html`<div class="pair"><div><h3>Parameters</h3>${pairs(parameterPairs(result))}</div>
<div><h3>Environment</h3>${pairs(environmentPairs(result))}</div></div>`,
});

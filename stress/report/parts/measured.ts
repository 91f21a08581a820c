// SPDX-License-Identifier: GPL-2.0-only
/** Of whose rounds the figures of speed are: a build with a race runs at another speed than one without. */
import type { RunResult } from '../../result/run_result.ts';

/** `Lock contention (patched build)` */
export const measuredTitle = (title: string, { measured }: RunResult): string =>
  `${title} (${measured === 'patched' ? 'patched build' : 'reverted builds'})`;

/** The same, as a sentence. */
export const measuredOn = ({ measured }: RunResult): string =>
  measured === 'patched'
    ? "Measured on the patched build's rounds."
    : 'Measured on the rounds of builds with a fix taken back; no round ran on the patched build.';

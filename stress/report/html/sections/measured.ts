// SPDX-License-Identifier: GPL-2.0-only
/** Of whose rounds figures of speed are: a build with a race runs at another speed than one without. */
import type { RunResult } from '../../result.ts';

export const measuredOn = ({ measured }: RunResult): string =>
  measured === 'patched'
    ? "Measured on the patched build's rounds."
    : 'Measured on the rounds of builds with a fix taken back; no round ran on the patched build.';

// SPDX-License-Identifier: GPL-2.0-only
/** Colours by what they mean. Each goes with a word that says the same. */
import pc from 'picocolors';
import type { Label } from '../result/labels.ts';
import type { Expect } from '../result/run_result.ts';

type Paint = (text: string) => string;

export interface Palette {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly bad: Paint;
  readonly odd: Paint;
  readonly good: Paint;
  readonly label: (label: Label) => Paint;
  readonly expect: (expect: Expect) => Paint;
}

export function palette(color: boolean): Palette {
  const colors = pc.createColors(color);
  const bad: Paint = (text) => colors.bold(colors.red(text));
  return {
    strong: colors.bold,
    faint: colors.dim,
    bad,
    odd: colors.yellow,
    good: colors.green,
    label: (label) => {
      if (label === 'FAILED') return bad;
      return label === 'OK' || label === 'SURFACED' ? colors.green : colors.yellow;
    },
    expect: (expect) =>
      ({ ACCEPTABLE: colors.green, INTERESTING: colors.cyan, FORBIDDEN: bad, UNKNOWN: colors.yellow })[expect],
  };
}

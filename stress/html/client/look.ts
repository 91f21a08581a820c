// SPDX-License-Identifier: GPL-2.0-only
/** The page's colours and its type, as the charts need them: resolved, for the theme that is shown. */

/** What a series is told apart by, besides its colour. */
export interface Ink {
  readonly color: string;
  readonly dash: 'solid' | 'dashed' | 'dotted';
  readonly symbol: 'circle' | 'rect' | 'triangle' | 'diamond';
}

export interface Look {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly background: string;
  readonly shade: string;
  readonly accent: string;
  /** By activity: user, kernel, lock, sleep, idle. */
  readonly activities: readonly string[];
  readonly fontFamily: string;
  /** Whether there is little room, as on a telephone. */
  readonly narrow: boolean;
  /** of the chart, CSS pixels */
  readonly height: number;
  readonly inkOf: (series: number) => Ink;
}

const COLOURS = 6;
const NARROW = 560;
const DASHES = ['solid', 'dashed', 'dotted'] as const;
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'] as const;

/** For a chart of this size. */
export function lookOf(width: number, height: number): Look {
  const probe = document.createElement('span');
  document.body.append(probe);
  const color = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = Array.from({ length: COLOURS }, (_, i) => color(`series-${i + 1}`));
  const look: Look = {
    text: color('text'),
    faint: color('faint'),
    line: color('rule'),
    background: color('page'),
    shade: color('shade'),
    accent: color('accent'),
    activities: ['user', 'kernel', 'lock', 'sleep', 'idle'].map(color),
    fontFamily: getComputedStyle(document.body).fontFamily,
    narrow: width < NARROW,
    height,
    inkOf: (series) => ({
      color: colours[series % COLOURS] as string,
      dash: DASHES[series % DASHES.length] as Ink['dash'],
      symbol: SYMBOLS[series % SYMBOLS.length] as Ink['symbol'],
    }),
  };
  probe.remove();
  return look;
}

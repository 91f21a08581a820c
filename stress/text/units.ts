// SPDX-License-Identifier: GPL-2.0-only
/** How figures are written in the page, by the printer and by its charts. */

/** No-break space between a figure and its unit. */
const SPACE = '\u00a0';

const UNITS = [
  ['min', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
] as const;

/** Three digits, whatever the size: `1.20`, `45.6`, `789`. */
const three = (n: number): string => n.toFixed(n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2);
/** Up to three digits: `1.2`, `45.6`, `789`. */
const upToThree = (n: number): string => String(Number(three(n)));

function inUnits(ns: number, digits: (n: number) => string): string {
  const unit = UNITS.find(([name, size]) => ns >= (name === 'min' ? 2 * size : 0.9995 * size));
  return unit === undefined ? `${upToThree(ns)}${SPACE}ns` : `${digits(ns / unit[1])}${SPACE}${unit[0]}`;
}

/** `412 ns`, `5.40 µs`, `24.7 ms`, `2.22 s`, `28.9 min` */
export const duration = (ns: number): string => inUnits(ns, three);
/** For axes: `1 µs`. */
export const shortDuration = (ns: number): string => inUnits(ns, upToThree);

/** `12.3 %`; never 0 for something, never 100 for less than all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return `<0.1${SPACE}%`;
  if (share < 1 && share > 0.999) return `>99.9${SPACE}%`;
  return `${(100 * share).toFixed(1)}${SPACE}%`;
}

/** For axes: `15 %`. */
export const shortPercent = (share: number): string => `${Number((100 * share).toFixed(1))}${SPACE}%`;

/** A percentile's name: `p50`, `p99.9`. */
export const percentileName = (share: number): string => `p${Number((100 * share).toFixed(6))}`;

/** `1.24 M`, for axes and places with little room. */
export function compact(n: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (n >= size) return `${upToThree(n / size)}${SPACE}${unit}`;
  }
  return upToThree(n);
}

// SPDX-License-Identifier: GPL-2.0-only
/** What kinds of figures there are, and the units in which one is typed and shown. */

/** Times are ns, rates are per second, shares are percent. */
export const KINDS = ['time', 'rate', 'share', 'count'] as const;
export type Kind = (typeof KINDS)[number];

const TIME_UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };
const MULTIPLES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };

/** What may stand behind the number, in words. */
export const UNITS_ALLOWED: Readonly<Record<Kind, string>> = {
  time: 'a time needs ns, us, ms or s',
  rate: 'a rate is a number, k or M if it is large, and /s',
  share: 'a share needs %',
  count: 'a count is a number, k or M if it is large',
};

/** A right value of the kind. */
export const VALUE_EXAMPLE: Readonly<Record<Kind, string>> = {
  time: '50us',
  rate: '1e5/s',
  share: '5%',
  count: '100k',
};

/** How a number was typed: what it is multiplied with, and the unit in which the figure is shown. */
export interface Unit {
  /** of one in the number typed, in the kind's own unit */
  readonly size: number;
  /** of one in the unit shown, in the kind's own unit */
  readonly shownSize: number;
  readonly shown: string;
}

/** @param suffix - what stands behind the number. @returns null if it does not fit the kind */
export function unitOf(kind: Kind, suffix: string): Unit | null {
  switch (kind) {
    case 'time': {
      const size = Object.hasOwn(TIME_UNITS, suffix) ? TIME_UNITS[suffix] : undefined;
      return size === undefined ? null : { size, shownSize: size, shown: ` ${suffix === 'µs' ? 'us' : suffix}` };
    }
    case 'share':
      return suffix === '%' ? { size: 1, shownSize: 1, shown: ' %' } : null;
    default: {
      const per = kind === 'rate' ? '/s' : '';
      const multiple = suffix.endsWith('/s') && kind === 'rate' ? suffix.slice(0, -2) : suffix;
      const size = Object.hasOwn(MULTIPLES, multiple) ? MULTIPLES[multiple] : undefined;
      return size === undefined ? null : { size, shownSize: 1, shown: per };
    }
  }
}

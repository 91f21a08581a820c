// SPDX-License-Identifier: GPL-2.0-only
/** Checks that a value read from JSON is what a type says; checks are put together as types are. */

/** What is wrong, and where in the value. */
export interface Fault {
  /** `.locks[0].contentions` */
  readonly at: string;
  /** `is true, not a number` */
  readonly why: string;
}

/** null if nothing is wrong */
export type Check = (value: unknown) => Fault | null;

const SHOWN = 40;

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

const fault = (value: unknown, what: string): Fault => ({ at: '', why: `is ${shown(value)}, not ${what}` });

export const is =
  (what: string, test: (value: unknown) => boolean): Check =>
  (value) =>
    test(value) ? null : fault(value, what);

export const text = is('a text', (value) => typeof value === 'string');
export const flag = is('true or false', (value) => typeof value === 'boolean');
export const number = is('a number', Number.isFinite);
export const count = is('a count', (value) => Number.isSafeInteger(value) && (value as number) >= 0);

export const oneOf = (...words: readonly string[]): Check =>
  is(words.join(' or '), (value) => words.some((word) => word === value));

export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);

export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);

const below = (found: Fault | null, at: string): Fault | null =>
  found === null ? null : { at: `${at}${found.at}`, why: found.why };

export const listOf =
  (check: Check): Check =>
  (value) => {
    if (!Array.isArray(value)) return fault(value, 'a list');
    for (const [i, item] of value.entries()) {
      const found = check(item);
      if (found !== null) return below(found, `[${i}]`);
    }
    return null;
  };

export const tuple =
  (...checks: readonly Check[]): Check =>
  (value) => {
    if (!Array.isArray(value) || value.length !== checks.length) return fault(value, `a list of ${checks.length}`);
    for (const [i, check] of checks.entries()) {
      const found = check(value[i]);
      if (found !== null) return below(found, `[${i}]`);
    }
    return null;
  };

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const mapOf =
  (check: Check): Check =>
  (value) => {
    if (!isObject(value)) return fault(value, 'an object');
    for (const [name, item] of Object.entries(value)) {
      const found = check(item);
      if (found !== null) return below(found, `.${name}`);
    }
    return null;
  };

/** Every field of the type needs a check, which the compiler sees to; fields that it does not have are nobody's. */
export function object<T>(checks: { readonly [K in keyof T]-?: Check }): Check {
  const fields = Object.entries(checks) as [string, Check][];
  return (value) => {
    if (!isObject(value)) return fault(value, 'an object');
    for (const [name, check] of fields) {
      const found = check(Object.hasOwn(value, name) ? value[name] : undefined);
      if (found !== null) return below(found, `.${name}`);
    }
    return null;
  };
}

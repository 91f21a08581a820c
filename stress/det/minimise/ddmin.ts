// SPDX-License-Identifier: GPL-2.0-only
/**
 * Delta debugging: a part of a list that still does it, and of which no item, and no two of a few, can be left out.
 *
 * @see A. Zeller, R. Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE 2002
 */

/**
 * Whether these items do it. @returns the items that are really needed for it: those given, or fewer, or others that
 * came instead; null if they do not
 */
export type Trial<T> = (items: readonly T[]) => Promise<readonly T[] | null>;

/** So few items are left out two at a time, too. */
const PAIRS_MAX = 8;

/** The list in `n` pieces of about the same length. */
function pieces<T>(items: readonly T[], n: number): T[][] {
  const bounds = Array.from({ length: n + 1 }, (_, i) => Math.floor((i * items.length) / n));
  return bounds.slice(1).map((end, i) => items.slice(bounds[i], end));
}

const without = <T>(items: readonly T[], left: readonly T[]): T[] => items.filter((item) => !left.includes(item));

/** The first of these lists that does it and is shorter than `than`. */
async function first<T>(lists: readonly T[][], than: number, trial: Trial<T>): Promise<readonly T[] | null> {
  for (const list of lists) {
    const needed = await trial(list);
    if (needed !== null && needed.length < than) return needed;
  }
  return null;
}

/** Leaves out large pieces first, then smaller ones, down to single items. */
async function singles<T>(all: readonly T[], trial: Trial<T>): Promise<readonly T[]> {
  let items = all;
  for (let n = 2; items.length > 0; ) {
    const parts = pieces(items, Math.min(n, items.length));
    const part = n === 2 ? await first(parts, items.length, trial) : null;
    const complements = parts.map((left) => without(items, left));
    const shorter = part ?? (await first(complements, items.length, trial));
    if (shorter !== null) {
      items = shorter;
      n = part !== null ? 2 : Math.max(2, n - 1);
    } else if (n >= items.length) return items;
    else n *= 2;
  }
  return items;
}

async function pairs<T>(items: readonly T[], trial: Trial<T>): Promise<readonly T[] | null> {
  if (items.length > PAIRS_MAX) return null;
  const lists = items.flatMap((a, i) => items.slice(i + 1).map((b) => without(items, [a, b])));
  return first(lists, items.length, trial);
}

/** @param all - items that do it @returns fewer that do */
export async function ddmin<T>(all: readonly T[], trial: Trial<T>): Promise<readonly T[]> {
  const none = await trial([]);
  if (none !== null && none.length < all.length) return none;
  for (let items = all; ; ) {
    items = await singles(items, trial);
    const fewer = await pairs(items, trial);
    if (fewer === null) return items;
    items = fewer;
  }
}

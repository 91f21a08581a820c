// SPDX-License-Identifier: GPL-2.0-only
/** Random numbers that are a function of a seed: the only ones there are. xorshift32 behind a mixer. */

/** A stream of numbers. */
export class Prng {
  private state: number;

  constructor(seed: number) {
    this.state = mix32(seed) | 1;
  }

  /** @returns 32 bits, unsigned */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return Math.imul(x, 0x9e3779b1) >>> 0;
  }

  /** @returns an integer in [0, n) */
  below(n: number): number {
    return n <= 1 ? 0 : Math.floor((this.next() / 4294967296) * n);
  }

  /** @returns an integer in [min, max] */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of the elements. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** A bijection of 32 bits that spreads neighbours. */
export function mix32(n: number): number {
  let x = n | 0;
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}

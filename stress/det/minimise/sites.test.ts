// SPDX-License-Identifier: GPL-2.0-only
import { expect, test } from 'vitest';
import type { Choice } from '../schedule/words.ts';
import { decisionsLike, decisionsNear, sitesOf } from './sites.ts';

const LOCK = 0x40001000;
const HEAD = 0x40002000;

const choice = (cpu: number, step: number, addr: number, part: Partial<Choice> = {}): Choice => ({
  cpu,
  step,
  byDefault: cpu,
  could: [0, 1, 2],
  preemption: true,
  addr,
  ...part,
});

/** One before a store to the head, one where CPU 1 sleeps. */
const RECORDED = [choice(0, 10, LOCK), choice(0, 50, HEAD), choice(1, 7, LOCK, { preemption: false, byDefault: 0 })];
const [site] = sitesOf([{ cpu: 0, step: 50, to: 1 }], RECORDED);

test('a site is what the CPU is about to touch, and whether it could have gone on', () => {
  const decisions = [
    { cpu: 1, step: 7, to: 2 },
    { cpu: 0, step: 50, to: 1 },
  ];
  expect(sitesOf(decisions, RECORDED)).toEqual([
    { cpu: 1, step: 7, to: 2, preemption: false, addr: LOCK },
    { cpu: 0, step: 50, to: 1, preemption: true, addr: HEAD },
  ]);
});

test('a decision at a step without a choice has no site', () => {
  expect(sitesOf([{ cpu: 0, step: 51, to: 1 }], RECORDED)).toEqual([]);
});

test('like it are those of the same CPU at the same word for the same other, the nearest first', () => {
  const elsewhere = [
    choice(0, 20, HEAD),
    choice(0, 44, HEAD),
    choice(0, 50, LOCK),
    choice(1, 50, HEAD),
    choice(0, 51, HEAD, { preemption: false }),
    choice(0, 52, HEAD, { could: [0, 2] }),
    choice(0, 53, HEAD),
  ];
  if (site === undefined) throw new Error('no site');
  expect(decisionsLike(site, elsewhere)).toEqual([
    { cpu: 0, step: 53, to: 1 },
    { cpu: 0, step: 44, to: 1 },
    { cpu: 0, step: 20, to: 1 },
  ]);
});

test('near it are all others, its own CPU’s first, and never more than asked for', () => {
  if (site === undefined) throw new Error('no site');
  const elsewhere = [choice(1, 50, HEAD), choice(0, 90, LOCK), choice(0, 48, LOCK)];
  expect(decisionsNear([site], elsewhere, 5)).toEqual([
    { cpu: 0, step: 48, to: 1 },
    { cpu: 0, step: 48, to: 2 },
    { cpu: 0, step: 90, to: 1 },
    { cpu: 0, step: 90, to: 2 },
    { cpu: 1, step: 50, to: 0 },
  ]);
});
